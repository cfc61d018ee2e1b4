/* SPDX-License-Identifier: MIT */
#include "common/metrics_private.h"
#include "common/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* The names that every Prometheus client library uses. */
static struct {
	int64_t *cpu, *resident, *open_fds, *max_fds, *start, *healthy;
} own;

static const struct metrics_row rows[] = {
	{metrics_counter_ms, "process_cpu_seconds_total", "User and system CPU time.", &own.cpu},
	{metrics_gauge, "process_resident_memory_bytes", "Resident memory.", &own.resident},
	{metrics_gauge, "process_open_fds", "Open file descriptors.", &own.open_fds},
	{metrics_gauge, "process_max_fds", "Limit of open file descriptors.", &own.max_fds},
	{metrics_gauge_ms, "process_start_time_seconds", "Start of the process, since the epoch.",
	 &own.start},
	{metrics_gauge, "buildbus_healthy", "1 when /healthz is ok.", &own.healthy},
	METRICS_END,
};

static int64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file) {
		if (fscanf(file, "%*d %ld", &pages) != 1) {
			pages = 0;
		}
		fclose(file);
	}
	return pages * sysconf(_SC_PAGESIZE);
}

static int64_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int64_t count = -1; /* the one that reads the directory */

	while (dir && (entry = readdir(dir))) {
		count += entry->d_name[0] != '.';
	}
	if (dir) {
		closedir(dir);
	}
	return count;
}

void metrics_process_collect(void)
{
	struct timespec cpu = {0};
	const char *sentence;

	if (!own.cpu) {
		return;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	*own.cpu = (int64_t)cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000;
	*own.resident = resident_bytes();
	*own.open_fds = count_fds();
	*own.healthy = metrics_is_healthy(&sentence);
}

void metrics_process_open(const char *process)
{
	struct rlimit limit = {0};

	metrics_table(rows, NULL);
	*metrics_gauge("buildbus_build_info", "Which program this is.",
		       LABELS("version", BUILDBUS_VERSION, "process", process)) = 1;
	getrlimit(RLIMIT_NOFILE, &limit);
	*own.max_fds = (int64_t)limit.rlim_cur;
	*own.start = wall_ms();
}
