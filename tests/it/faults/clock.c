/* A clock that can be put forward, for a child process (LD_PRELOAD): its monotonic time is the machine's and as many milliseconds as the eight bytes of the
 * file that PAPO_TEST_CLOCK names say. Who sleeps in epoll_wait looks again after 20 ms at most. The time of day stays. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *ahead;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_wait)(int, struct epoll_event *, int, int);

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("PAPO_TEST_CLOCK");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) ahead = map;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!real_gettime) real_gettime = (__typeof__(real_gettime))dlsym(RTLD_NEXT, "clock_gettime");
  int done = real_gettime(clock, time);
  if (done == 0 && ahead && clock == CLOCK_MONOTONIC) {
    int64_t ns = time->tv_nsec + *ahead % 1000 * 1000000;
    time->tv_sec += *ahead / 1000 + ns / 1000000000;
    time->tv_nsec = ns % 1000000000;
  }
  return done;
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout) {
  if (!real_wait) real_wait = (__typeof__(real_wait))dlsym(RTLD_NEXT, "epoll_wait");
  return real_wait(epoll, events, count, timeout < 0 || timeout > 20 ? 20 : timeout);
}
