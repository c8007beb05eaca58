/* A disk that fails on demand, for a child process (LD_PRELOAD): what happens to writes of papo.db* is told by the first letter of the file that
 * PAPO_TEST_DISK names: f full (ENOSPC), e failing (EIO), h half of the writes fail (EIO), r read-only (EROFS), s every sync takes 150 ms,
 * g whoever writes papo.db itself, not its log, stands still while the letter stays; a file beside the control file, ending in .held, says so,
 * b every sync waits while the letter stays. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char mode(void) {
  const char *path = getenv("PAPO_TEST_DISK");
  if (!path) return '-';
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return '-';
  char letter = '-';
  if (read(fd, &letter, 1) != 1) letter = '-';
  close(fd);
  return letter;
}

/* Where in the name of this file the database's stands, or NULL. */
static const char *database(int fd, char name[512]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, 511);
  if (length <= 0) return NULL;
  name[length] = 0;
  return strstr(name, "/papo.db");
}

static int is_database(int fd) {
  char name[512];
  return database(fd, name) != NULL;
}

static void wait_at_the_gate(int fd) {
  char name[512], held[512];
  const char *found = mode() == 'g' ? database(fd, name) : NULL;
  if (!found || strcmp(found, "/papo.db") != 0) return;
  snprintf(held, sizeof held, "%s.held", getenv("PAPO_TEST_DISK"));
  close(open(held, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  while (mode() == 'g') usleep(2000);
}

/* The error that a write of this file gets now, or 0. */
static int fault(int fd) {
  static atomic_uint writes;
  if (!is_database(fd)) return 0;
  switch (mode()) {
    case 'f': return ENOSPC;
    case 'e': return EIO;
    case 'r': return EROFS;
    case 'h': return atomic_fetch_add(&writes, 1) % 2 ? EIO : 0;
    default: return 0;
  }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE(fd) do { int code = fault(fd); if (code) { errno = code; return -1; } } while (0)

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { wait_at_the_gate(fd); REFUSE(fd); return REAL(pwrite64)(fd, data, size, at); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { wait_at_the_gate(fd); REFUSE(fd); return REAL(pwrite)(fd, data, size, at); }
ssize_t write(int fd, const void *data, size_t size) { REFUSE(fd); return REAL(write)(fd, data, size); }
int ftruncate64(int fd, off64_t size) { REFUSE(fd); return REAL(ftruncate64)(fd, size); }
int ftruncate(int fd, off_t size) { REFUSE(fd); return REAL(ftruncate)(fd, size); }

static void slow(int fd) {
  if (!is_database(fd)) return;
  if (mode() == 's') usleep(150000);
  while (mode() == 'b') usleep(5000);
}
int fdatasync(int fd) { slow(fd); REFUSE(fd); return REAL(fdatasync)(fd); }
int fsync(int fd) { slow(fd); REFUSE(fd); return REAL(fsync)(fd); }
