# SPDX-License-Identifier: Apache-2.0
# Compares the tests that ctest knows in BUILD_DIR with the names in LIST, so that a test which is no longer found is a
# failure and not a smaller number. An empty LIST fails too. With UPDATE the list is written instead.
# cmake -DBUILD_DIR=DIR -DLIST=FILE [-DPREFIX=asan. -DKINDS=LIST [-DMORE=LIST]] [-DUPDATE=ON] -P check_list.cmake
# With PREFIX (a sanitized build, which has some kinds of tests only) the list's tests of those kinds are expected, and MORE,
# each name with that prefix.

execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${BUILD_DIR} --show-only OUTPUT_VARIABLE listing
    COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "Test +#[0-9]+: [^\n]+" found "${listing}")
list(TRANSFORM found REPLACE "^Test +#[0-9]+: " "")
list(SORT found)

if(UPDATE)
    list(LENGTH found count)
    if(count EQUAL 0)
        message(FATAL_ERROR "${BUILD_DIR} has no tests: build it first")
    endif()
    list(JOIN found "\n" text)
    file(WRITE ${LIST} "${text}\n")
    message(STATUS "${LIST}: ${count} tests")
    return()
endif()

file(STRINGS ${LIST} expected)
if(PREFIX)
    list(JOIN KINDS "|" kinds)
    list(FILTER expected INCLUDE REGEX "^((${kinds})\\.|test_list$)")
    list(APPEND expected ${MORE})
    list(TRANSFORM expected PREPEND "${PREFIX}")
endif()
list(SORT expected)
list(LENGTH expected count)
if(count EQUAL 0)
    message(FATAL_ERROR "${LIST} names no tests")
endif()

set(missing ${expected})
list(REMOVE_ITEM missing ${found})
set(unlisted ${found})
list(REMOVE_ITEM unlisted ${expected})
foreach(name ${missing})
    message("expected and not there: ${name}")
endforeach()
foreach(name ${unlisted})
    message("there and not expected: ${name}")
endforeach()
if(missing OR unlisted)
    message(FATAL_ERROR "the tests are not those of ${LIST}. If that is meant: tools/test --update-list")
endif()
message(STATUS "${count} tests, as listed")
