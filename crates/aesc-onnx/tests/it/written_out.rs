//! The slow twin: method section 3 step by step in f64, nothing folded, no phase form, no runtime.

use aesc_artifact::{
    LevelOp, Look, ModelFile, NetworkInput, NetworkKind, NetworkPlan, SecondLook, Segmentation,
    dropout_mask, reflected,
};
use aesc_detect::McDropout;
use aesc_image::Image;

/// Values of `[c, h, w]`.
#[derive(Clone)]
struct Planes {
    c: usize,
    h: usize,
    w: usize,
    data: Vec<f64>,
}

impl Planes {
    fn from_fn(c: usize, h: usize, w: usize, f: impl Fn(usize, usize, usize) -> f64) -> Self {
        let place = |i: usize| f(i / (h * w), i / w % h, i % w);
        Self {
            c,
            h,
            w,
            data: (0..c * h * w).map(place).collect(),
        }
    }

    /// Zero outside.
    fn at(&self, c: usize, y: isize, x: isize) -> f64 {
        let inside = (0..self.h as isize).contains(&y) && (0..self.w as isize).contains(&x);
        if inside {
            self.data[(c * self.h + y as usize) * self.w + x as usize]
        } else {
            0.0
        }
    }
}

/// 4 (g - G g) of the mean g over channels, G a Gaussian of sigma 2 px cut off at 6 px, the image
/// mirrored about its border pixels.
fn high_pass(x: &Planes) -> Planes {
    let grey = Planes::from_fn(1, x.h, x.w, |_, y, column| {
        let channels = (0..x.c).map(|c| x.at(c, y as isize, column as isize));
        channels.sum::<f64>() / x.c as f64
    });
    let bell = |d: isize| (-(d * d) as f64 / 8.0).exp();
    let total: f64 = (-6..=6).map(bell).sum();
    let mirrored = |at: isize, side: usize| reflected(at.unsigned_abs(), side) as isize;
    Planes::from_fn(1, x.h, x.w, |_, y, column| {
        let mut blurred = 0.0;
        for dy in -6..=6 {
            for dx in -6..=6 {
                let (y, x) = (y as isize + dy, column as isize + dx);
                let value = grey.at(0, mirrored(y, grey.h), mirrored(x, grey.w));
                blurred += bell(dy) * bell(dx) / (total * total) * value;
            }
        }
        4.0 * (grey.at(0, y as isize, column as isize) - blurred)
    })
}

/// What a look shows of an image, which is grown by reflection where it must be.
fn shown(model: &ModelFile, plan: &NetworkPlan, image: &Image, look: Look) -> Planes {
    let (h, w) = plan.padded(image.height(), image.width());
    let x = Planes::from_fn(plan.channels, h, w, |c, y, x| {
        let (y, x) = (reflected(y, image.height()), reflected(x, image.width()));
        f64::from(image.at(y, x, c))
    });
    let network = &plan.config;
    match look {
        Look::First if network.input == NetworkInput::HighPass => high_pass(&x),
        Look::Second if network.second == SecondLook::HighPass => high_pass(&x),
        Look::Segment if network.segment != Segmentation::Image => {
            let clean = forward(model, (image, Look::First), None);
            let left = x.data.iter().zip(&clean.data).map(|(x, y)| 4.0 * (x - y));
            let mut shown = match network.segment {
                Segmentation::Both => x.clone(),
                Segmentation::ResidualHighPass => high_pass(&x),
                _ => Planes::from_fn(0, x.h, x.w, |_, _, _| 0.0),
            };
            shown.data.extend(left);
            shown.c += x.c;
            shown
        }
        _ => x,
    }
}

/// The levels of a look, told by their names.
fn own(plan: &NetworkPlan, look: Look) -> impl Iterator<Item = usize> {
    let prefix = match look {
        Look::First => "",
        Look::Second => "second.",
        Look::Segment => "segment.",
    };
    let named = move |name: &str| name.rfind('.').map_or("", |dot| &name[..=dot]) == prefix;
    (0..plan.levels.len()).filter(move |i| named(&plan.levels[*i].name))
}

/// The network, whole or as thinned by one pass, on one look at an image of any sides.
fn forward(
    model: &ModelFile,
    (image, look): (&Image, Look),
    thinned: Option<(&McDropout, u32)>,
) -> Planes {
    let plan = model.manifest.plan().unwrap();
    let kind = match (look, plan.config.second) {
        (Look::Second, SecondLook::Ae) => NetworkKind::Ae,
        _ => plan.config.kind,
    };
    let mut x = shown(model, &plan, image, look);
    let mut skips = Vec::new();
    for i in own(&plan, look) {
        let level = &plan.levels[i];
        let part = |name: &str| {
            let name = format!("{}.{name}", level.name);
            let tensor = model.tensors.iter().find(|t| t.name == name).unwrap();
            tensor.data.as_slice()
        };
        let weight = part("conv.weight");
        let (stride, before) = if level.op == LevelOp::Down {
            (2, 1)
        } else {
            (1, 2)
        };
        if level.op != LevelOp::Down {
            let low = x.clone();
            x = Planes::from_fn(low.c, 2 * low.h, 2 * low.w, |c, y, x| {
                low.at(c, (y / 2) as isize, (x / 2) as isize)
            });
        }
        let convolved =
            Planes::from_fn(level.output, x.h / stride, x.w / stride, |o, y, column| {
                let mut sum = f64::from(part("conv.bias")[o]);
                for c in 0..x.c {
                    for k in 0..5 {
                        for l in 0..5 {
                            let (row, column) = (y * stride + k, column * stride + l);
                            let value = x.at(c, row as isize - before, column as isize - before);
                            sum += value * f64::from(weight[((o * x.c + c) * 5 + k) * 5 + l]);
                        }
                    }
                }
                sum
            });
        let activate = |o: usize, value: f64| {
            if level.op == LevelOp::Out {
                return 1.0 / (1.0 + (-value).exp());
            }
            let of = |name: &str| f64::from(part(name)[o]);
            let root = (of("bn.running_var") + 1e-3).sqrt();
            let y = (value - of("bn.running_mean")) / root * of("bn.weight") + of("bn.bias");
            if y > 0.0 { y } else { 0.3 * y }
        };
        let (c, h, w) = (convolved.c, convolved.h, convolved.w);
        let factors = thinned.map(|(mc, pass)| {
            let rate = plan.dropout_rates(mc).unwrap()[i];
            dropout_mask(mc.seed, (pass, i as u32), rate, c * h * w)
        });
        x = Planes::from_fn(c, h, w, |o, y, x| {
            let factor = factors.as_ref().map_or(1.0, |f| f[(y * w + x) * c + o]);
            activate(o, convolved.at(o, y as isize, x as isize)) * f64::from(factor)
        });
        match (level.op, kind) {
            (LevelOp::Down, _) => skips.push(x.clone()),
            (LevelOp::Up, NetworkKind::Aesc) => {
                let skip: &Planes = &skips[level.scale - 1];
                x.data
                    .iter_mut()
                    .zip(&skip.data)
                    .for_each(|(x, skip)| *x += skip);
            }
            (LevelOp::Up, NetworkKind::Unet) => {
                let skip: &Planes = &skips[level.scale - 1];
                x.c += skip.c;
                x.data.extend(&skip.data);
            }
            _ => {}
        }
    }
    x
}

/// The reconstruction of an image.
pub(crate) fn clean(model: &ModelFile, image: &Image) -> Image {
    looked(model, image, Look::First)
}

/// The reconstruction of one look at an image.
pub(crate) fn looked(model: &ModelFile, image: &Image, look: Look) -> Image {
    let made = forward(model, (image, look), None);
    let value = |y: usize, x: usize, c| made.at(c, y as isize, x as isize) as f32;
    Image::from_fn(image.height(), image.width(), made.c, value).unwrap()
}

/// The population variance over the passes, mean over channels, row by row.
pub(crate) fn variance(model: &ModelFile, image: &Image, mc: &McDropout) -> Vec<f64> {
    let passes: Vec<Planes> = (0..mc.samples as u32)
        .map(|pass| forward(model, (image, Look::First), Some((mc, pass))))
        .collect();
    let n = passes.len() as f64;
    let at = |y: usize, x: usize| {
        let of_channel = |c: usize| {
            let values = passes.iter().map(|p| p.at(c, y as isize, x as isize));
            let mean = values.clone().sum::<f64>() / n;
            values.map(|v| (v - mean).powi(2)).sum::<f64>() / n
        };
        (0..image.channels()).map(of_channel).sum::<f64>() / image.channels() as f64
    };
    let w = image.width();
    (0..image.height() * w).map(|i| at(i / w, i % w)).collect()
}
