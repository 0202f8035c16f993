// SPDX-License-Identifier: Apache-2.0
// Asks the hypervisor for the partition's affinity scores and for its reallocation, through what an unmodified Linux offers a privileged program: the
// rtas() system call with ibm,get-system-parameter and ibm,set-system-parameter, whose buffer is the region of memory that the kernel keeps for such
// programs and lets be mapped. docs/hcalls/h_affinity.md has the parameters.
// usage: affinity score|potential|request|job|cancel|improve
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct rtas_args {
    uint32_t token, nargs, nret, args[16];
    uint64_t rets; // a pointer of the kernel's own
};

struct input {
    uint16_t node, reserved;
    uint32_t memory, processing;
};

struct report {
    uint16_t version, formula, count, page_table;
    uint64_t at, score, best;
    uint32_t fewest_nodes, refusal;
    struct input inputs[64];
};

struct job {
    uint16_t version, state, refusal, failure;
    uint64_t began, ended, before, predicted, after;
    uint32_t steps, steps_done;
    uint64_t longest_closed, stopped;
};

enum { current_score = 0xf100, found_score = 0xf101, job_parameter = 0xf102, block_mib = 16 };
enum { waiting = 1, stopping = 4, done = 5 };

static const char* const states[] = {"none", "waiting", "planning", "running", "stopping",
                                     "done", "refused", "stopped",  "failed"};
static const char* const refusals[] = {"",
                                       "it would gain too little for what it costs",
                                       "the partition keeps its place, or cannot be moved now",
                                       "a node has too little room for it",
                                       "a proposal of another size",
                                       "the partition was moved a short while ago"};

static uint8_t* buffer;         // 4 KiB of the region, and
static uint32_t buffer_address; // where it is for RTAS

static void fail(const char* what) {
    perror(what);
    exit(1);
}

static uint32_t token(const char* name) {
    char path[96];
    snprintf(path, sizeof path, "/proc/device-tree/rtas/%s", name);
    uint32_t value;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, &value, sizeof value) != sizeof value)
        fail(path);
    close(fd);
    return value; // big-endian, as RTAS wants it
}

static void map_buffer(void) {
    const char* const where = "/proc/powerpc/rtas/rmo_buffer";
    FILE* const file = fopen(where, "r");
    unsigned long address, size;
    if (file == NULL || fscanf(file, "%lx %lx", &address, &size) != 2 || size < 4096)
        fail(where);
    fclose(file);
    const int memory = open("/dev/mem", O_RDWR);
    if (memory < 0)
        fail("/dev/mem");
    buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, (off_t)address);
    if (buffer == MAP_FAILED)
        fail("/dev/mem: the region of RTAS programs");
    buffer_address = (uint32_t)address;
}

// The status; a call that is to be made again later is.
static int32_t rtas(const char* name, uint32_t count, const uint32_t* arguments) {
    for (;;) {
        struct rtas_args call = {.token = token(name), .nargs = htobe32(count), .nret = htobe32(1)};
        for (uint32_t i = 0; i < count; ++i)
            call.args[i] = htobe32(arguments[i]);
        if (syscall(SYS_rtas, &call) != 0)
            fail("rtas");
        const int32_t status = (int32_t)be32toh(call.args[count]);
        if (status < 9900 || status > 9905)
            return status;
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

static void get(uint32_t parameter, void* value, size_t size) {
    const uint32_t arguments[] = {parameter, buffer_address, 4096};
    const int32_t status = rtas("ibm,get-system-parameter", 3, arguments);
    if (status != 0) {
        fprintf(stderr,
                "affinity: parameter %#x: RTAS answers %d: this hypervisor, or the partition's manifest, does not "
                "offer it\n",
                parameter, status);
        exit(1);
    }
    memset(value, 0, size);
    uint16_t length;
    memcpy(&length, buffer, sizeof length);
    length = be16toh(length);
    memcpy(value, buffer + 2, length < size ? length : size);
}

static void want(uint8_t wanted) {
    const uint8_t setting[] = {0, 1, wanted};
    memcpy(buffer, setting, sizeof setting);
    const uint32_t arguments[] = {job_parameter, buffer_address};
    const int32_t status = rtas("ibm,set-system-parameter", 2, arguments);
    if (status != 0) {
        fprintf(stderr, "affinity: RTAS answers %d to the wish\n", status);
        exit(1);
    }
}

static void print_points(const char* name, uint64_t score) {
    const uint64_t millionths = be64toh(score);
    if (millionths == ~UINT64_C(0))
        printf(" %s=none", name);
    else
        printf(" %s=%" PRIu64 ".%03" PRIu64, name, millionths / 1000000, millionths / 1000 % 1000);
}

static const char* refusal(unsigned number) {
    return number < sizeof refusals / sizeof *refusals ? refusals[number] : "unknown";
}

static void print_report(const char* name, uint32_t parameter) {
    struct report report;
    get(parameter, &report, sizeof report);
    printf("affinity:");
    print_points(name, report.score);
    for (unsigned i = 0; i < be16toh(report.count) && i < 64; ++i)
        printf(" node%u=%uMiB,%u", be16toh(report.inputs[i].node), be32toh(report.inputs[i].memory) * block_mib,
               be32toh(report.inputs[i].processing));
    printf(" page-table=%u", be16toh(report.page_table));
    if (report.refusal != 0)
        printf(" refusal=\"%s\"", refusal(be32toh(report.refusal)));
    putchar('\n');
}

// The number of its state.
static unsigned print_job(void) {
    struct job job;
    get(job_parameter, &job, sizeof job);
    const unsigned state = be16toh(job.state);
    printf("affinity: job=%s", state < sizeof states / sizeof *states ? states[state] : "unknown");
    if (state >= done) {
        print_points("before", job.before);
        print_points("predicted", job.predicted);
        print_points("after", job.after);
        printf(" steps=%u of %u longest_closed_ticks=%" PRIu64 " stopped_ticks=%" PRIu64, be32toh(job.steps_done),
               be32toh(job.steps), be64toh(job.longest_closed), be64toh(job.stopped));
    }
    if (job.refusal != 0)
        printf(" refusal=\"%s\"", refusal(be16toh(job.refusal)));
    if (job.failure != 0)
        printf(" failure=%u", be16toh(job.failure));
    putchar('\n');
    return state;
}

static unsigned state_of_job(void) {
    struct job job;
    get(job_parameter, &job, sizeof job);
    return be16toh(job.state);
}

// Asks for what it has and could have, has itself reallocated, and says what it has then.
static int improve(void) {
    print_report("score", current_score);
    print_report("potential", found_score);
    want(1);
    unsigned state;
    while ((state = state_of_job()) >= waiting && state <= stopping) {
        const struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    print_job();
    print_report("score", current_score);
    return state == done ? 0 : 2;
}

int main(int argc, char** argv) {
    const char* const what = argc == 2 ? argv[1] : "";
    map_buffer();
    if (strcmp(what, "score") == 0)
        print_report("score", current_score);
    else if (strcmp(what, "potential") == 0)
        print_report("potential", found_score);
    else if (strcmp(what, "request") == 0)
        want(1);
    else if (strcmp(what, "cancel") == 0)
        want(0);
    else if (strcmp(what, "job") == 0)
        print_job();
    else if (strcmp(what, "improve") == 0)
        return improve();
    else {
        fputs("usage: affinity score|potential|request|job|cancel|improve\n", stderr);
        return 1;
    }
    return 0;
}
