//! Work on many small things, shared out among the cores.

/// Fewer are done by the caller's own thread.
const WORTH_A_THREAD: usize = 1000;

/// `work` on each item, in order.
pub(crate) fn shared_out<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(n_threads).max(WORTH_A_THREAD);
    if items.len() <= share {
        return items.iter().map(work).collect();
    }
    let all = &|part: &[T]| part.iter().map(&work).collect::<Vec<R>>();
    std::thread::scope(|scope| {
        let parts = items.chunks(share);
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || all(part))).collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_items() {
        for n in [0, 1, 1000, 1001, 12_345] {
            let items: Vec<usize> = (0..n).collect();
            let doubled: Vec<usize> = items.iter().map(|i| 2 * i).collect();
            assert_eq!(shared_out(&items, |i| 2 * i), doubled);
        }
    }
}
