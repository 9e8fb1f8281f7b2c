//! Mean and variance of values that arrive pass by pass (Welford 1962), in f64.

/// The moments of `n` values at each of many places.
#[derive(Debug)]
pub(crate) struct Moments {
    n: f64,
    mean: Vec<f64>,
    /// Sum of squared distances from the mean.
    squares: Vec<f64>,
}

impl Moments {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            n: 0.0,
            mean: vec![0.0; places],
            squares: vec![0.0; places],
        }
    }

    /// One more value at each place.
    pub(crate) fn add(&mut self, values: &[f32]) {
        self.n += 1.0;
        let places = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), value) in places.zip(values) {
            let before = f64::from(*value) - *mean;
            *mean += before / self.n;
            *squares += before * (f64::from(*value) - *mean);
        }
    }

    /// The population variance at each place, averaged over the planes of `plane` places.
    pub(crate) fn variance(&self, plane: usize) -> Vec<f32> {
        let divisor = self.n * (self.mean.len() / plane) as f64;
        let mut sums = vec![0.0; plane];
        for squares in self.squares.chunks(plane) {
            sums.iter_mut().zip(squares).for_each(|(sum, s)| *sum += s);
        }
        sums.iter().map(|sum| (sum / divisor) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_is_over_passes_and_its_mean_over_planes() {
        // Two planes of one place. 1, 3: mean 2, variance 1. 0, 4: mean 2, variance 4.
        let mut moments = Moments::new(2);
        moments.add(&[1.0, 0.0]);
        moments.add(&[3.0, 4.0]);
        assert!((moments.variance(1)[0] - 2.5).abs() < 1e-7);
    }
}
