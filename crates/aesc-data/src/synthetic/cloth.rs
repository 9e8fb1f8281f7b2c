//! A woven cloth: 2/2 twill in two yarns with a check, photographed flat.
//!
//! Defects: an oily stain, a broken warp thread, a snag that pulls the weave out of line.

use std::f32::consts::{FRAC_PI_2, TAU};

use rand_chacha::ChaCha8Rng;

use super::{
    Product, Scene,
    blot::Blot,
    geometry::{Point, Rgb, dot, mix, ramp, scaled, sub, to_segment, turned, uniform},
    noise::Field,
};

const WARP: Rgb = [0.27, 0.34, 0.47];
const WARP_CHECK: Rgb = [0.52, 0.25, 0.21];
const WEFT: Rgb = [0.71, 0.68, 0.60];
const WEFT_CHECK: Rgb = [0.43, 0.40, 0.37];
const GAP: Rgb = [0.11, 0.11, 0.12];
/// Threads from one check line to the next.
const CHECK: i32 = 10;

#[derive(Debug)]
pub(super) struct Cloth {
    angle: f32,
    origin: Point,
    pitch: f32,
    tone: f32,
    field: Field,
    flaw: Option<Flaw>,
}

#[derive(Debug)]
enum Flaw {
    Stain(Blot),
    /// Warp thread number, first and last weft it is missing under.
    Broken(i32, f32, f32),
    /// Centre, radius and pull, in pixels.
    Snag(Point, f32, Point),
}

impl Product for Cloth {
    const DEFECTS: [&'static str; 3] = ["broken_thread", "snag", "stain"];

    fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            angle: uniform(rng, -0.06, 0.06),
            origin: [uniform(rng, 0.0, 400.0), uniform(rng, 0.0, 400.0)],
            pitch: uniform(rng, 11.6, 12.6),
            tone: uniform(rng, -0.04, 0.04),
            field: Field(uniform(rng, 0.0, 1e6) as u32),
            flaw: None,
        }
    }

    fn spoil(&mut self, defect: &str, rng: &mut ChaCha8Rng) {
        let centre = [uniform(rng, 60.0, 196.0), uniform(rng, 60.0, 196.0)];
        self.flaw = Some(match defect {
            "stain" => {
                let radius = uniform(rng, 13.0, 25.0);
                Flaw::Stain(Blot::new(centre, radius, 0.35, rng))
            }
            "broken_thread" => {
                let [u, v] = self.weave_place(centre);
                let half = uniform(rng, 2.2, 4.2);
                Flaw::Broken(u.floor() as i32, v - half, v + half)
            }
            _ => {
                let way = uniform(rng, 0.0, TAU);
                let pull = uniform(rng, 13.0, 18.0);
                let radius = uniform(rng, 34.0, 46.0);
                Flaw::Snag(centre, radius, [pull * way.cos(), pull * way.sin()])
            }
        });
    }
}

impl Cloth {
    /// A place of the picture in thread numbers (warp, weft), threads slightly out of line.
    fn weave_place(&self, p: Point) -> Point {
        let wave = |k: u32| Field(self.field.0 ^ k).at(p[0] / 55.0, p[1] / 55.0);
        let q = turned([p[0] + 2.0 * wave(1), p[1] + 2.0 * wave(2)], self.angle);
        [
            (q[0] + self.origin[0]) / self.pitch,
            (q[1] + self.origin[1]) / self.pitch,
        ]
    }

    fn thread_is_missing(&self, [u, v]: Point) -> bool {
        let Some(Flaw::Broken(thread, from, to)) = self.flaw else {
            return false;
        };
        let fray = 0.4 * self.field.at(u * 7.0, 0.0);
        u.floor() as i32 == thread && v > from + fray && v < to + fray
    }

    /// The two ends of a broken thread, bent out of the weave and lying on top.
    fn loose_ends(&self, place: Point, under: Rgb) -> Rgb {
        let Some(Flaw::Broken(thread, from, to)) = self.flaw else {
            return under;
        };
        let middle = thread as f32 + 0.5;
        let lean = 1.6 * self.field.at(0.0, from);
        let plain = thread.rem_euclid(CHECK) >= WARP_YARN.check_width;
        let yarn = if plain { WARP } else { WARP_CHECK };
        let mut colour = under;
        for (end, way) in [(from, 1.0), (to, -1.0)] {
            let tip = [middle + lean + 0.9 * way, end + 1.1 * way];
            let (distance, along) = to_segment(place, [middle, end], tip);
            let half = 0.40 - 0.16 * along;
            let round = 1.0 - 0.55 * (distance / half).powi(2);
            let shadow = ramp(half + 0.35, half, distance);
            colour = scaled(colour, 1.0 - 0.4 * shadow);
            let cover = ramp(half + 0.05, half - 0.05, distance);
            colour = mix(colour, scaled(yarn, 1.05 * round), cover);
        }
        colour
    }

    /// One yarn at a place: its height there and its colour; `across` and `along` in threads.
    fn yarn(&self, across: f32, along: f32, crossing: f32, yarn: &Yarn) -> (f32, Rgb) {
        let number = across.floor();
        let fibre = Field(self.field.0 ^ yarn.salt);
        let own = fibre.cell(number as i32, 7);
        let half = 0.40 + 0.07 * own;
        let t = (across - number - 0.5 + 0.06 * (fibre.cell(number as i32, 3) - 0.5)) / half;
        let round = (1.0 - t * t).max(0.0).sqrt();
        let lift = yarn.over * (FRAC_PI_2 * (along + crossing - 1.0)).cos();
        let twist = (TAU * (1.3 * t * half + 1.6 * along)).sin();
        let fuzz = fibre.at(across * 6.0, along * 1.4);
        let light = 0.50 + 0.38 * round - 0.10 * t + 0.12 * lift + 0.05 * twist + 0.08 * fuzz;
        let colour = if (number as i32).rem_euclid(CHECK) < yarn.check_width {
            yarn.check
        } else {
            yarn.plain
        };
        let height = if t.abs() < 1.0 {
            round + 0.9 * lift
        } else {
            -2.0
        };
        (height, scaled(colour, light * (0.92 + 0.20 * own)))
    }
}

struct Yarn {
    salt: u32,
    over: f32,
    plain: Rgb,
    check: Rgb,
    check_width: i32,
}

const WARP_YARN: Yarn = Yarn {
    salt: 0x51,
    over: 1.0,
    plain: WARP,
    check: WARP_CHECK,
    check_width: 2,
};
const WEFT_YARN: Yarn = Yarn {
    salt: 0xa7,
    over: -1.0,
    plain: WEFT,
    check: WEFT_CHECK,
    check_width: 3,
};

impl Scene for Cloth {
    fn colour(&self, p: Point) -> Rgb {
        let mut place = p;
        if let Some(Flaw::Snag(centre, radius, pull)) = self.flaw {
            let d = sub(p, centre);
            let share = (1.0 - dot(d, d) / (radius * radius)).max(0.0).powi(2);
            place = [p[0] - pull[0] * share, p[1] - pull[1] * share];
        }
        let [u, v] = self.weave_place(place);
        let (mut warp_height, warp) = self.yarn(u, v, u.floor(), &WARP_YARN);
        let (weft_height, mut weft) = self.yarn(v, u, v.floor(), &WEFT_YARN);
        if self.thread_is_missing([u, v]) {
            // What lay under the thread now lies open, in shade.
            warp_height = -2.0;
            weft = scaled(weft, 0.6);
        }
        let top = warp_height.max(weft_height);
        let yarn = mix(weft, warp, ramp(-0.12, 0.12, warp_height - weft_height));
        let woven = mix(GAP, yarn, ramp(-1.2, -0.3, top));
        let mut colour = self.loose_ends([u, v], woven);
        colour = scaled(
            colour,
            1.0 + self.tone + 0.05 * self.field.rough(p, 90.0, 2),
        );
        match &self.flaw {
            Some(Flaw::Stain(blot)) => {
                let soaked = [colour[0] * 0.34, colour[1] * 0.27, colour[2] * 0.20];
                mix(colour, soaked, blot.cover(p))
            }
            _ => colour,
        }
    }
}
