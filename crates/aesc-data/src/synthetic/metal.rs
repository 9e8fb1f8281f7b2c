//! A brushed metal sheet: grain of many fine grooves, a broad highlight that wanders.
//!
//! Defects: specks of dark contamination, a shallow dent (low contrast), a scratch across the
//! grain.

use std::f32::consts::{FRAC_PI_2, TAU};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    Product, Scene,
    blot::Blot,
    geometry::{Point, Rgb, dot, mix, ramp, scaled, sign, sub, to_segment, turned, uniform},
    noise::Field,
};

#[derive(Debug)]
pub(super) struct Metal {
    angle: f32,
    tint: Rgb,
    highlight: f32,
    spread: f32,
    gloss: f32,
    depth: f32,
    field: Field,
    flaw: Option<Flaw>,
}

#[derive(Debug)]
enum Flaw {
    Specks(Vec<Blot>),
    /// Centre and radius.
    Dent(Point, f32),
    /// Both ends, half width, bend.
    Scratch(Point, Point, f32, f32),
}

impl Product for Metal {
    const DEFECTS: [&'static str; 3] = ["contamination", "dent", "scratch"];

    fn new(rng: &mut ChaCha8Rng) -> Self {
        let warm = uniform(rng, -0.012, 0.012);
        Self {
            angle: uniform(rng, -0.05, 0.05),
            tint: [0.51 + warm, 0.52, 0.535 - warm],
            highlight: uniform(rng, 10.0, 246.0),
            spread: uniform(rng, 45.0, 90.0),
            gloss: uniform(rng, 0.35, 0.62),
            depth: uniform(rng, 0.85, 1.25),
            field: Field(rng.random()),
            flaw: None,
        }
    }

    fn spoil(&mut self, defect: &str, rng: &mut ChaCha8Rng) {
        let centre = [uniform(rng, 48.0, 208.0), uniform(rng, 48.0, 208.0)];
        self.flaw = Some(match defect {
            "contamination" => Flaw::Specks(specks(centre, rng)),
            "dent" => Flaw::Dent(centre, uniform(rng, 26.0, 40.0)),
            _ => {
                let half = uniform(rng, 22.0, 55.0);
                let way = FRAC_PI_2 + uniform(rng, -1.0, 1.0);
                let reach = [half * way.cos(), half * way.sin()];
                let from = sub(centre, reach);
                let to = [centre[0] + reach[0], centre[1] + reach[1]];
                Flaw::Scratch(from, to, uniform(rng, 1.0, 1.7), 7.0 * sign(rng))
            }
        });
    }
}

impl Metal {
    /// Grooves of several widths, about -1..1.
    fn grain(&self, q: Point) -> f32 {
        let layer = |salt: u32, long: f32, wide: f32| {
            Field(self.field.0 ^ salt).at(q[0] / long, q[1] / wide)
        };
        let hairline = ramp(0.74, 0.98, layer(5, 70.0, 1.5));
        0.42 * layer(1, 110.0, 1.7)
            + 0.34 * layer(2, 45.0, 2.9)
            + 0.30 * layer(3, 240.0, 9.0)
            + 0.20 * layer(4, 18.0, 1.4)
            + 0.80 * hairline
    }
}

fn specks(centre: Point, rng: &mut ChaCha8Rng) -> Vec<Blot> {
    let n = rng.random_range(2..=5);
    (0..n)
        .map(|k| {
            let away = if k == 0 { 0.0 } else { uniform(rng, 9.0, 24.0) };
            let way = uniform(rng, 0.0, TAU);
            let place = [centre[0] + away * way.cos(), centre[1] + away * way.sin()];
            let radius = if k == 0 {
                uniform(rng, 6.0, 10.0)
            } else {
                uniform(rng, 2.0, 4.5)
            };
            Blot::new(place, radius, 0.22, rng)
        })
        .collect()
}

impl Scene for Metal {
    fn colour(&self, p: Point) -> Rgb {
        let mut q = turned(p, self.angle);
        let mut shade = 0.0;
        if let Some(Flaw::Dent(centre, radius)) = self.flaw {
            let d = sub(p, centre);
            let bowl = (1.0 - dot(d, d) / (radius * radius)).max(0.0).powi(2);
            q[1] += 9.0 * bowl * d[1] / radius;
            shade = 0.62 * bowl * (0.55 * d[0] + 0.84 * d[1]) / radius;
        }
        let sway = 14.0 * Field(self.field.0 ^ 9).at(q[1] / 40.0, 0.5);
        let off = (q[0] - self.highlight + sway) / self.spread;
        let bright = 0.70 + self.gloss * (-off * off).exp() + shade;
        let cut = 0.20 * self.depth * self.grain(q);
        let metal = scaled(self.tint, bright * (1.0 + cut));
        match &self.flaw {
            Some(Flaw::Specks(blots)) => blots.iter().fold(metal, |under, blot| {
                let crumb = 0.13 + 0.07 * blot.field.rough(p, 3.0, 2);
                mix(under, [crumb * 1.15, crumb, crumb * 0.8], blot.cover(p))
            }),
            Some(Flaw::Scratch(from, to, half, bend)) => {
                let (_, t) = to_segment(p, *from, *to);
                let curve = bend * (4.0 * t * (1.0 - t));
                let bent = [p[0] - curve, p[1]];
                let (distance, t) = to_segment(bent, *from, *to);
                let ends = ramp(0.0, 0.12, t) * ramp(0.0, 0.12, 1.0 - t);
                let press = ends * (0.75 + 0.35 * self.field.at(t * 9.0, 0.0));
                let side = (bent[0] - from[0]) * (to[1] - from[1])
                    - (bent[1] - from[1]) * (to[0] - from[0]);
                let d = distance * side.signum() / half;
                let groove = -0.42 * (-d * d).exp() + 0.34 * (-(d - 1.7) * (d - 1.7)).exp();
                scaled(metal, 1.0 + press * groove)
            }
            _ => metal,
        }
    }
}
