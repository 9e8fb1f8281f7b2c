//! A turned steel gear on a conveyor belt: it lies at any angle, off centre.
//!
//! Defects: a misprint of the laser-marked code, a missing tooth, rust.

use std::f32::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    Product, Scene,
    blot::Blot,
    geometry::{Point, Rgb, inside, length, mix, ramp, rounded_box, scaled, sub, turned, uniform},
    noise::Field,
};

const TEETH: f32 = 16.0;
/// Bars of the code, from left to right; a zero is a space.
const CODE: [u8; 19] = [1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1];
const BAR_ANGLE: f32 = 0.062;

#[derive(Debug)]
pub(super) struct Gear {
    centre: Point,
    angle: f32,
    scale: f32,
    light: f32,
    gloss: f32,
    steel: Rgb,
    field: Field,
    flaw: Option<Flaw>,
}

#[derive(Debug)]
enum Flaw {
    /// Bars from the first up to the second are wiped.
    Misprint(usize, usize),
    /// Which tooth, and how much of it is left.
    Tooth(f32, f32),
    Rust(Blot),
}

impl Product for Gear {
    const DEFECTS: [&'static str; 3] = ["misprint", "missing_tooth", "rust"];

    fn new(rng: &mut ChaCha8Rng) -> Self {
        let warm = uniform(rng, -0.015, 0.015);
        Self {
            centre: [
                128.0 + uniform(rng, -9.0, 9.0),
                128.0 + uniform(rng, -9.0, 9.0),
            ],
            angle: uniform(rng, 0.0, TAU),
            scale: uniform(rng, 1.12, 1.16),
            light: uniform(rng, -0.9, -0.3),
            gloss: uniform(rng, 0.14, 0.30),
            steel: [0.55 + warm, 0.56, 0.58 - warm],
            field: Field(rng.random()),
            flaw: None,
        }
    }

    fn spoil(&mut self, defect: &str, rng: &mut ChaCha8Rng) {
        self.flaw = Some(match defect {
            "misprint" => {
                let first = rng.random_range(1..CODE.len() - 8);
                Flaw::Misprint(first, first + rng.random_range(5..8))
            }
            "missing_tooth" => {
                let tooth = rng.random_range(0..TEETH as u32) as f32;
                Flaw::Tooth(tooth, uniform(rng, 0.0, 0.3))
            }
            _ => {
                let (away, way) = (uniform(rng, 38.0, 82.0), uniform(rng, 0.0, TAU));
                let place = [
                    self.centre[0] + away * way.cos(),
                    self.centre[1] + away * way.sin(),
                ];
                Flaw::Rust(Blot::new(place, uniform(rng, 11.0, 19.0), 0.45, rng))
            }
        });
    }
}

impl Gear {
    /// Signed distance to the outer outline, for a place seen from the part.
    fn outline(&self, part: Point) -> f32 {
        let r = length(part);
        if !(74.0..=98.0).contains(&r) {
            return r - 86.0;
        }
        let turn = part[1].atan2(part[0]) / TAU * TEETH;
        let (tooth, t) = (turn.round(), turn - turn.round());
        let slope = 0.20 - 0.0055 * (r - 86.0);
        let flank = ramp(slope + 0.075, slope - 0.075, t.abs());
        let mut height = 16.0 * flank;
        if let Some(Flaw::Tooth(which, left)) = self.flaw
            && tooth.rem_euclid(TEETH) as u32 == which as u32
        {
            let torn = 2.5 * self.field.at(t * 14.0, 3.0);
            height = height.min(16.0 * left + torn).max(0.0);
        }
        (r - 77.0 - height) * 0.8
    }

    fn belt(&self, p: Point, part_at: Point) -> Rgb {
        let weave = (p[0] * 1.05 + p[1] * 1.05).sin() * (p[0] * 1.05 - p[1] * 1.05).sin();
        let mottle = self.field.rough(p, 40.0, 4);
        let cast = length(sub(part_at, [5.0, 7.0])) - 88.0;
        let shadow = 1.0 - 0.5 * (1.0 - ramp(-10.0, 12.0, cast));
        scaled(
            [0.155, 0.21, 0.185],
            (1.0 + 0.20 * mottle + 0.10 * weave) * shadow,
        )
    }

    /// The turned face: rings of fine grooves under a highlight that stays with the lamp.
    fn face(&self, p: Point, part: Point, r: f32) -> Rgb {
        let d = sub(p, self.centre);
        let glance = (2.0 * (d[1].atan2(d[0]) - self.light)).cos();
        let groove = Field(self.field.0 ^ 1);
        let way = part[1].atan2(part[0]);
        let ring = 0.6 * groove.at(r * 0.9, way * 1.5) + 0.4 * groove.at(r * 0.35, way * 0.8);
        let sheen = 1.0 + self.gloss * glance * glance * glance + 0.11 * ring;
        scaled(
            self.steel,
            sheen * (1.0 + 0.05 * self.field.rough(part, 30.0, 2)),
        )
    }

    /// Steps turned into the face, and how much of the place is drilled away: hub, groove, five
    /// windows, bore with keyway.
    fn machined(&self, part: Point, r: f32, face: Rgb) -> (Rgb, f32) {
        let lamp = [self.light.cos(), self.light.sin()];
        let seen = turned(lamp, self.angle);
        let facing = (part[0] * seen[0] + part[1] * seen[1]) / r.max(1.0);
        let bore = (r - 17.0).min(rounded_box(sub(part, [17.0, 0.0]), [6.0, 4.5], 0.8));
        let bevel = |away: f32, towards: f32| inside(away.abs() - 1.6) * towards;
        let mut glow = bevel(r - 31.0, 0.42 * facing) + bevel(r - 72.0, -0.30 * facing);
        glow += bevel(bore - 1.6, -0.35 * facing);
        glow -= 0.14 * inside((r - 65.0).abs() - 6.0);
        let step = TAU / 5.0;
        let way = part[1].atan2(part[0]) - 0.5 * step;
        let nearest = (way / step).round() * step + 0.5 * step;
        let window = length(sub(part, [45.0 * nearest.cos(), 45.0 * nearest.sin()])) - 10.0;
        glow += bevel(window - 1.6, -0.30 * facing);
        (scaled(face, 1.0 + glow), inside(bore.min(window)))
    }

    /// Dark bars burnt into the groove near the rim.
    fn code(&self, part: Point, r: f32, under: Rgb) -> Rgb {
        let way = part[1].atan2(part[0]) / BAR_ANGLE + CODE.len() as f32 / 2.0;
        let bar = way.floor();
        if bar < 0.0 || bar >= CODE.len() as f32 || CODE[bar as usize] == 0 {
            return under;
        }
        let number = bar as usize;
        if let Some(Flaw::Misprint(from, to)) = self.flaw
            && (from..to).contains(&number)
        {
            return under;
        }
        let across = ((way - bar - 0.5).abs() - 0.36) * BAR_ANGLE * r;
        let along = (r - 65.0).abs() - 4.6;
        mix(under, scaled(under, 0.34), inside(across.max(along)))
    }
}

impl Scene for Gear {
    fn colour(&self, p: Point) -> Rgb {
        let at = sub(p, self.centre).map(|v| v / self.scale);
        let part = turned(at, self.angle);
        let r = length(part);
        let outline = self.outline(part);
        let belt = self.belt(p, at);
        if outline > 0.5 {
            return belt;
        }
        let (solid, hole) = self.machined(part, r, self.face(p, part, r));
        let rim = ramp(-3.2, -0.4, outline);
        let mut steel = scaled(self.code(part, r, solid), 1.0 - 0.30 * rim);
        if let Some(Flaw::Rust(blot)) = &self.flaw {
            let crust = 1.0 + 0.5 * blot.field.rough(p, 4.0, 3);
            let rust = [0.43 * crust, 0.25 * crust, 0.13 * crust];
            steel = mix(steel, rust, 0.85 * blot.cover(p));
        }
        steel = mix(steel, scaled(belt, 0.55), hole);
        mix(belt, steel, inside(outline))
    }
}
