//! Memory that is free, back to the system.
//!
//! glibc gives back only what lies at the end of a heap: after a crowd has left, one buffer that is still in use would hold the rest for good. Knows
//! nothing of what it was used for.

/// Gives back every page that holds nothing.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "malloc_trim(3) has no safe form")]
pub(super) fn give_back() {
    // SAFETY: it takes no pointer, changes nothing that is in use, and may be called at any time from any thread (malloc_trim(3): MT-Safe).
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators do so by themselves.
#[cfg(not(target_env = "gnu"))]
pub(super) const fn give_back() {}
