//! Twins, a whole detection over fake backends, stored forms, pictures of every shape.
#![expect(clippy::float_cmp, reason = "expected values are worked out exactly")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod detection;
mod pictures;
mod regions_of_interest;
mod stored;
mod strategies;
mod twins;
