//! How well a model repeats clean images: PSNR, and the share of gradient energy it keeps.

use aesc_bench::Reconstruction;
use aesc_image::Image;

/// Gradient energy of one step between two values by one grey level of 255.
const FLAT: f64 = 1.0 / (255.0 * 255.0);

/// How well clean images are repeated: PSNR, and the share of gradient energy that is kept.
#[derive(Debug, Default)]
pub(super) struct Sharpness {
    psnr_db_sum: f64,
    n_images: u64,
    energy_ratio_sum: f64,
    /// Images that have an edge.
    n_with_edges: u64,
}

impl Sharpness {
    pub(super) fn add(&mut self, query: &Image, reconstruction: &Image) {
        let pairs = query.data().iter().zip(reconstruction.data());
        let squares: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
        let mse = (squares / query.data().len() as f64).max(1e-12);
        self.psnr_db_sum += -10.0 * mse.log10();
        self.n_images += 1;
        let energy = gradient_energy(query);
        // Of a flat image there is nothing to keep.
        if energy >= FLAT {
            self.energy_ratio_sum += gradient_energy(reconstruction) / energy;
            self.n_with_edges += 1;
        }
    }

    pub(super) fn reconstruction(&self) -> Reconstruction {
        Reconstruction {
            clean_psnr_db: self.psnr_db_sum / self.n_images.max(1) as f64,
            clean_sharpness: self.energy_ratio_sum / self.n_with_edges.max(1) as f64,
        }
    }
}

/// Sum of squared differences to the right and lower neighbours.
fn gradient_energy(image: &Image) -> f64 {
    let row = image.width() * image.channels();
    let data = image.data();
    let square = |a: f32, b: f32| f64::from(a - b).powi(2);
    let down: f64 = data
        .iter()
        .zip(data.iter().skip(row))
        .map(|(a, b)| square(*a, *b))
        .sum();
    let right: f64 = data
        .chunks_exact(row)
        .map(|line| {
            let next = line.iter().skip(image.channels());
            line.iter()
                .zip(next)
                .map(|(a, b)| square(*a, *b))
                .sum::<f64>()
        })
        .sum();
    down + right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_energy_of_a_step_is_the_edges_length_times_its_square() {
        // A 2 x 4 image, left half 0, right half 0.5: two edge pixels of 0.25 each.
        let image = Image::from_fn(2, 4, 1, |_, x, _| if x < 2 { 0.0 } else { 0.5 }).unwrap();
        assert!((gradient_energy(&image) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_half_contrast_copy_has_a_quarter_of_the_sharpness() {
        let query = Image::from_fn(4, 4, 3, |y, x, c| ((y + x + c) % 3) as f32 / 4.0).unwrap();
        let mut half = query.clone();
        half.data_mut().iter_mut().for_each(|v| *v *= 0.5);
        let mut sharpness = Sharpness::default();
        sharpness.add(&query, &half);
        assert!((sharpness.reconstruction().clean_sharpness - 0.25).abs() < 1e-6);
        // A black frame has no edge to keep, whatever is made of it.
        sharpness.add(&Image::filled(4, 4, 3, 0.0).unwrap(), &half);
        assert!((sharpness.reconstruction().clean_sharpness - 0.25).abs() < 1e-6);
    }
}
