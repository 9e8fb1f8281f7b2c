//! How this process gives memory back: it does not, while it works with networks.

use std::sync::Once;

/// Lets the allocator keep what is freed, for the process's life.
///
/// Weights are read, folded and packed, each time as a block of the model's size; a training step
/// allocates and frees a gigabyte in large blocks. glibc maps each from the kernel and gives it back
/// at once, so that every page is faulted in anew: a sixth of the time from start to first result, a
/// tenth of a step's. The process's peak stays about what it was, and memory stays with the process.
pub fn keep_freed_memory() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        for (parameter, value) in [
            (libc::M_MMAP_MAX, 0),
            (libc::M_TRIM_THRESHOLD, libc::c_int::MAX),
            (libc::M_TOP_PAD, 64 << 20),
            // Any thread's freed memory is the next one's.
            (libc::M_ARENA_MAX, 1),
        ] {
            #[expect(
                unsafe_code,
                reason = "mallopt takes two numbers and touches the allocator's settings only"
            )]
            // A refusal leaves the allocator as it was.
            let _ = unsafe { libc::mallopt(parameter, value) };
        }
    });
}
