//! Training as its users meet it: it learns, resumes to the bit, stops when asked, says NaN.

mod train;
