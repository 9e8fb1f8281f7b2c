//! The camera of the station: lamp, lens and sensor, the same for every product.

use aesc_image::{Image, Mask, ShapeError};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Scene, geometry::uniform};

/// The side every scene is described in, in pixels.
const DESIGN_SIDE: f32 = 256.0;
/// The least change, before noise, that counts as visible: 3 grey levels.
const VISIBLE: f32 = 3.0 / 255.0;
/// Gaps up to twice this many pixels (of 256) inside a defect belong to it.
const CLOSING: f32 = 3.5;
/// Crumbs up to twice this many pixels (of 256) are no defect.
const OPENING: f32 = 1.5;

/// How one picture is taken.
#[derive(Debug, Clone)]
pub(super) struct Camera {
    gain: f32,
    slope: [f32; 2],
    balance: f32,
    blur: f32,
}

impl Camera {
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            gain: uniform(rng, 0.86, 1.14),
            slope: [uniform(rng, -0.16, 0.16), uniform(rng, -0.16, 0.16)],
            balance: uniform(rng, -0.02, 0.02),
            blur: uniform(rng, 0.45, 0.85),
        }
    }

    /// The scene on the sensor before noise: `size` x `size` RGB, 0..=1, HWC.
    pub(super) fn expose(&self, scene: &dyn Scene, size: usize) -> Vec<f32> {
        let samples = (DESIGN_SIDE / size as f32).ceil().max(1.0) as usize;
        let step = DESIGN_SIDE / (size * samples) as f32;
        let share = 1.0 / (samples * samples) as f32;
        let mut picture = vec![0.0; size * size * 3];
        for (i, pixel) in picture.chunks_exact_mut(3).enumerate() {
            for sample in 0..samples * samples {
                let x = ((i % size) * samples + sample % samples) as f32 + 0.5;
                let y = ((i / size) * samples + sample / samples) as f32 + 0.5;
                let p = [x * step, y * step];
                let light = share * self.light(p);
                let colour = scene.colour(p);
                pixel[0] += colour[0] * light * (1.0 + self.balance);
                pixel[1] += colour[1] * light;
                pixel[2] += colour[2] * light * (1.0 - self.balance);
            }
        }
        let sigma = self.blur * size as f32 / DESIGN_SIDE;
        let mut picture = blurred(&picture, size, sigma);
        for v in &mut picture {
            *v = v.clamp(0.0, 1.0);
        }
        picture
    }

    /// Lamp and lens: a gradient across the picture and darker corners.
    fn light(&self, p: [f32; 2]) -> f32 {
        let (x, y) = (p[0] / 128.0 - 1.0, p[1] / 128.0 - 1.0);
        let slope = 1.0 + self.slope[0] * x + self.slope[1] * y;
        self.gain * slope * (1.0 - 0.05 * (x * x + y * y))
    }
}

/// What the sensor reads: shot and read noise, 8 bit.
pub(super) fn read_out(
    picture: &[f32],
    size: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Image, ShapeError> {
    let noisy = |&v: &f32| {
        let z: f32 = StandardNormal.sample(rng);
        let sigma = (2.5e-5 + 1.0e-4 * v).sqrt();
        ((v + sigma * z).clamp(0.0, 1.0) * 255.0).round() / 255.0
    };
    Image::new(size, size, 3, picture.iter().map(noisy).collect())
}

/// Where two exposures differ visibly, as a region: small gaps closed, crumbs dropped.
pub(super) fn difference(a: &[f32], b: &[f32], size: usize) -> Result<Mask, ShapeError> {
    let visible = |(a, b): (&[f32], &[f32])| a.iter().zip(b).any(|(a, b)| (a - b).abs() > VISIBLE);
    let seen: Vec<bool> = a
        .chunks_exact(3)
        .zip(b.chunks_exact(3))
        .map(visible)
        .collect();
    let pixels = |radius: f32| radius * size as f32 / DESIGN_SIDE;
    let grown = spread(&seen, size, pixels(CLOSING), true);
    let closed = spread(&grown, size, pixels(CLOSING), false);
    let core = spread(&closed, size, pixels(OPENING), false);
    Mask::new(size, size, spread(&core, size, pixels(OPENING), true))
}

/// `value` spreads to every pixel within `radius` of one that has it.
fn spread(mask: &[bool], size: usize, radius: f32, value: bool) -> Vec<bool> {
    let reach = radius as isize;
    let mut result = mask.to_vec();
    for i in (0..mask.len()).filter(|&i| mask[i] == value) {
        let (y, x) = ((i / size) as isize, (i % size) as isize);
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let (ny, nx) = (y + dy, x + dx);
                let within = (dx * dx + dy * dy) as f32 <= radius * radius;
                let on_picture = 0..size as isize;
                if within && on_picture.contains(&ny) && on_picture.contains(&nx) {
                    result[ny as usize * size + nx as usize] = value;
                }
            }
        }
    }
    result
}

/// A Gaussian blur of an RGB picture, cut at three sigma, edges repeated.
fn blurred(picture: &[f32], size: usize, sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|k| (-0.5 * (k as f32 / sigma).powi(2)).exp())
        .collect();
    let total: f32 = weights.iter().sum();
    let pass = |source: &[f32], down: bool| {
        let mut result = vec![0.0; source.len()];
        for (i, pixel) in result.chunks_exact_mut(3).enumerate() {
            for (k, weight) in weights.iter().enumerate() {
                let shift = k as isize - reach;
                let moved = |at: usize| (at as isize + shift).clamp(0, size as isize - 1) as usize;
                let (y, x) = (i / size, i % size);
                let j = if down {
                    moved(y) * size + x
                } else {
                    y * size + moved(x)
                };
                for c in 0..3 {
                    pixel[c] += source[j * 3 + c] * weight / total;
                }
            }
        }
        result
    };
    pass(&pass(picture, false), true)
}
