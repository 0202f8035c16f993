#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A QEMU from before what we need.
echo 'QEMU emulator version 6.2.0 (Debian)'
