//! A connector housing with twelve gold pins, held in a tray: always in about the same place.
//!
//! Defects: a bent pin, flux residue (low contrast), a missing pin.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    Product, Scene,
    blot::Blot,
    geometry::{
        Point, Rgb, inside, length, mix, ramp, rounded_box, scaled, sign, sub, turned, uniform,
    },
    noise::Field,
};

const COLUMNS: i32 = 6;
const PITCH: f32 = 22.0;
const GOLD: Rgb = [0.80, 0.62, 0.28];

#[derive(Debug)]
pub(super) struct Connector {
    centre: Point,
    angle: f32,
    scale: f32,
    plastic: Rgb,
    ribs: f32,
    gleam: f32,
    field: Field,
    flaw: Option<Flaw>,
}

#[derive(Debug)]
enum Flaw {
    Missing(i32, i32),
    /// Column, row, and where the pin's tip went.
    Bent(i32, i32, Point),
    Residue(Blot),
}

impl Product for Connector {
    const DEFECTS: [&'static str; 3] = ["bent_pin", "flux_residue", "missing_pin"];

    fn new(rng: &mut ChaCha8Rng) -> Self {
        let shade = uniform(rng, 0.15, 0.25);
        Self {
            centre: [
                128.0 + uniform(rng, -8.0, 8.0),
                128.0 + uniform(rng, -8.0, 8.0),
            ],
            angle: uniform(rng, -0.05, 0.05),
            scale: uniform(rng, 1.07, 1.15),
            plastic: [shade, shade * 1.04, shade * 1.14],
            ribs: uniform(rng, 0.0, 64.0),
            gleam: uniform(rng, -1.0, 1.0),
            field: Field(rng.random()),
            flaw: None,
        }
    }

    fn spoil(&mut self, defect: &str, rng: &mut ChaCha8Rng) {
        let (column, row) = (rng.random_range(0..COLUMNS), rng.random_range(0..2));
        self.flaw = Some(match defect {
            "missing_pin" => Flaw::Missing(column, row),
            "bent_pin" => {
                let away = [
                    uniform(rng, 5.0, 8.0) * sign(rng),
                    uniform(rng, 3.0, 6.5) * sign(rng),
                ];
                Flaw::Bent(column, row, away)
            }
            _ => {
                let across = uniform(rng, -76.0, 76.0);
                let down = uniform(rng, -38.0, 38.0);
                let place = [self.centre[0] + across, self.centre[1] + down];
                Flaw::Residue(Blot::new(place, uniform(rng, 16.0, 26.0), 0.5, rng))
            }
        });
    }
}

impl Connector {
    /// The tray under the part: matte, ribbed, with the part's soft shadow.
    fn tray(&self, p: Point, part: Point) -> Rgb {
        let rib = ((p[1] + self.ribs) / 64.0 * std::f32::consts::TAU).sin();
        let ridge = ramp(0.93, 1.0, rib) - ramp(0.93, 1.0, -rib);
        let grain = self.field.rough(p, 26.0, 4);
        let cast = rounded_box(sub(part, [5.0, 8.0]), [92.0, 55.0], 12.0);
        let shadow = 1.0 - 0.45 * (1.0 - ramp(-9.0, 11.0, cast));
        scaled(
            [0.56, 0.60, 0.59],
            (1.0 + 0.07 * grain + 0.05 * ridge) * shadow,
        )
    }

    /// The housing without its pins.
    fn housing(&self, part: Point, outline: f32) -> Rgb {
        let grain = Field(self.field.0 ^ 3).rough(part, 2.6, 2);
        let body = scaled(self.plastic, 1.0 + 0.10 * grain);
        let lit = (-part[0] * 0.4 / 92.0 - part[1] * 0.9 / 52.0).clamp(-1.0, 1.0);
        let chamfer = ramp(-6.0, -4.5, outline);
        let edge = scaled(self.plastic, 1.35 + 0.75 * lit);
        let mut colour = mix(body, edge, chamfer);
        let well = rounded_box(part, [70.0, 29.0], 6.0);
        let depth = ramp(
            -14.0,
            0.0,
            rounded_box(sub(part, [3.0, 6.0]), [70.0, 29.0], 6.0),
        );
        colour = mix(
            colour,
            scaled(self.plastic, 0.66 - 0.34 * depth),
            inside(well),
        );
        let rim = inside(well.abs() - 1.2);
        colour = mix(colour, scaled(self.plastic, 1.6 - 0.5 * lit), rim);
        self.mouldings(part, colour)
    }

    /// Marks moulded into the plastic: the triangle at pin one, the notch, four ejector marks.
    fn mouldings(&self, part: Point, under: Rgb) -> Rgb {
        let q = sub(part, [-60.0, -38.5]);
        let triangle = (q[1] - 4.0).max(-q[1] - 4.0 + 1.7 * q[0].abs());
        let light = scaled(self.plastic, 2.5);
        let mut colour = mix(under, light, inside(triangle));
        let notch = rounded_box(sub(part, [0.0, 40.0]), [15.0, 5.0], 2.0);
        colour = mix(colour, scaled(self.plastic, 0.45), inside(notch));
        for x in [-80.0, 80.0] {
            let r = length(sub(part, [x, 0.0]));
            let hole = scaled(self.plastic, 0.30);
            let collar = scaled(self.plastic, 1.9);
            colour = mix(colour, collar, inside(r - 7.0));
            colour = mix(
                colour,
                hole,
                inside(length(sub(part, [x + 0.6, 1.0])) - 5.2),
            );
        }
        colour
    }

    fn pins(&self, part: Point, mut colour: Rgb) -> Rgb {
        let place = |i: i32, j: i32| [(i as f32 - 2.5) * PITCH, (j as f32 - 0.5) * 27.0];
        for row in 0..2 {
            for column in 0..COLUMNS {
                let q = sub(part, place(column, row));
                if q[0].abs() > 26.0 || q[1].abs() > 26.0 {
                    continue;
                }
                let cavity = rounded_box(q, [8.4, 9.6], 2.0);
                colour = mix(colour, [0.025, 0.025, 0.03], inside(cavity));
                match self.flaw {
                    Some(Flaw::Missing(i, j)) if (i, j) == (column, row) => {}
                    Some(Flaw::Bent(i, j, away)) if (i, j) == (column, row) => {
                        colour = self.bent_pin(q, away, (column, row), colour);
                    }
                    _ => colour = self.pin(q, (column, row), colour),
                }
            }
        }
        colour
    }

    fn pin(&self, q: Point, (column, row): (i32, i32), under: Rgb) -> Rgb {
        let own = Field(self.field.0 ^ 0x77);
        let vary = |k: i32| own.cell(column + 8 * row, k) - 0.5;
        let q = turned([q[0] + 1.4 * vary(0), q[1] + 1.4 * vary(1)], 0.14 * vary(2));
        let shape = rounded_box(q, [5.6, 6.3], 1.4);
        let facet = 0.5 - 0.06 * q[0] - 0.09 * q[1] + 0.35 * vary(3) + 0.22 * self.gleam;
        let flat = ramp(-2.4, -1.4, -rounded_box(q, [3.4, 4.0], 0.8) - 1.6);
        let glint = (-(length(sub(q, [-1.2, -1.6])) / 2.0).powi(2)).exp();
        let tone = scaled(GOLD, 0.55 + 0.45 * facet + 0.25 * flat);
        let lit = std::array::from_fn(|c| tone[c] + (0.30 + 0.5 * vary(4).abs()) * glint);
        mix(under, lit, inside(shape))
    }

    /// A pin whose tip leans `away`: a longer body with the tip at its end.
    fn bent_pin(&self, q: Point, away: Point, which: (i32, i32), under: Rgb) -> Rgb {
        let mut colour = under;
        for step in 0..6 {
            let t = step as f32 / 6.0;
            let body = rounded_box(sub(q, [away[0] * t, away[1] * t]), [4.2, 4.7], 1.4);
            colour = mix(colour, scaled(GOLD, 0.30 + 0.35 * t), inside(body));
        }
        self.pin(sub(q, away), which, colour)
    }
}

impl Scene for Connector {
    fn colour(&self, p: Point) -> Rgb {
        let part = turned(sub(p, self.centre), self.angle).map(|v| v / self.scale);
        let body = rounded_box(part, [92.0, 52.0], 9.0);
        let mut colour = self.tray(p, part);
        if body < 1.0 {
            let plastic = self.pins(part, self.housing(part, body));
            colour = mix(colour, plastic, inside(body));
        }
        match &self.flaw {
            Some(Flaw::Residue(blot)) => {
                let crust = 0.75 + 0.35 * blot.field.rough(p, 6.0, 3);
                mix(colour, [0.66, 0.66, 0.60], 0.13 * crust * blot.cover(p))
            }
            _ => colour,
        }
    }
}
