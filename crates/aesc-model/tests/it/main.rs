//! Networks against PyTorch; training as its users meet it: it learns, resumes to the bit, stops when asked, says NaN.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

mod golden;
mod train;
