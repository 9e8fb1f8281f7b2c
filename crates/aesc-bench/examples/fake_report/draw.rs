//! Drawn pictures: a woven product with a defect, what a network might make of it, and its maps.

use std::error::Error;
use std::fs;
use std::path::Path;

use aesc_bench::CellSpec;

use crate::results::{TYPES, chance, file_name};

const SIDE: usize = 192;

/// Writes the pictures of a cell into its folder.
pub(crate) fn pictures(folder: &Path, cell: &CellSpec) -> Result<(), Box<dyn Error>> {
    let hue = chance(&cell.category);
    let repairs = cell.corruption != "none";
    let sharp = cell.network != "ae";
    for defect in TYPES {
        let depth = if defect == "good" { 0.0 } else { 0.6 };
        let left = if repairs { 0.05 } else { 0.5 };
        let cloth = |x, y, contrast: f64| 0.55 + 0.25 * contrast * weave(x, y, hue);
        let shape = |x, y| depth * inside(x, y, defect);
        let contrast = if sharp { 0.95 } else { 0.35 };
        let write = |label: &str, palette: &[[u8; 3]], value: &dyn Fn(f64, f64) -> f64| {
            let bytes = png(palette, value);
            fs::write(folder.join(file_name(defect, label)), bytes)
        };
        let colours = ramp([20, 16, 14], [255, 235 - (hue * 90.0) as u8, 190]);
        write("query", &colours, &|x, y| cloth(x, y, 1.0) - shape(x, y))?;
        write("reconstruction", &colours, &|x, y| {
            cloth(x, y, contrast) - left * shape(x, y)
        })?;
        let heat = ramp([13, 8, 60], [252, 230, 40]);
        write("residual map", &heat, &|x, y| {
            (1.0 - left) * shape(x, y) * 1.5 + 0.1 * weave(x, y, hue).abs()
        })?;
        write("uncertainty map", &heat, &|x, y| {
            shape(x, y) + 0.25 * weave(y, x, hue).abs()
        })?;
        if depth > 0.0 {
            let mask = ramp([0; 3], [255; 3]);
            write("mask", &mask, &|x, y| (shape(x, y) > 0.1).into())?;
        }
    }
    Ok(())
}

fn weave(x: f64, y: f64, hue: f64) -> f64 {
    let turns = 40.0 + 60.0 * hue;
    (turns * x).sin() * (turns * y + 8.0 * hue * x).cos()
}

/// How deep in the defect a place is, 0..=1; each type has its own shape.
fn inside(x: f64, y: f64, defect: &str) -> f64 {
    let (dx, dy) = (x - 0.3 - 0.4 * chance(defect), y - 0.55);
    let distance = match defect {
        "scratch" => (dx * 0.25).hypot(dy + 0.3 * dx) * 6.0,
        "dent" => dx.hypot(dy) * 9.0,
        _ => dx.hypot(dy + 0.05 * (30.0 * dx).sin()) * 5.0,
    };
    (1.0 - distance).clamp(0.0, 0.5) * 2.0
}

/// 256 colours from one to the other.
fn ramp(from: [u8; 3], to: [u8; 3]) -> Vec<[u8; 3]> {
    let mix = |i: usize, c: usize| {
        let share = i as f64 / 255.0;
        (f64::from(from[c]) * (1.0 - share) + f64::from(to[c]) * share).round() as u8
    };
    (0..256).map(|i| [0, 1, 2].map(|c| mix(i, c))).collect()
}

/// A PNG of 8-bit palette indices, not compressed.
fn png(palette: &[[u8; 3]], value: &dyn Fn(f64, f64) -> f64) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..SIDE {
        // No filter.
        rows.push(0);
        let at = |i: usize| (i as f64 + 0.5) / SIDE as f64;
        rows.extend((0..SIDE).map(|x| (value(at(x), at(y)).clamp(0.0, 1.0) * 255.0) as u8));
    }
    let side = (SIDE as u32).to_be_bytes();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(
        &mut file,
        *b"IHDR",
        &[&side[..], &side, &[8, 3, 0, 0, 0]].concat(),
    );
    chunk(&mut file, *b"PLTE", &palette.concat());
    chunk(&mut file, *b"IDAT", &stored(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// A zlib stream of one stored block; `bytes` are fewer than 64 KiB.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u16;
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    let head = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
    let sum = ((b << 16) | a).to_be_bytes();
    [&[0x78, 1, 1][..], &head, bytes, &sum].concat()
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let named = [&name[..], data].concat();
    let crc = named.iter().fold(u32::MAX, |crc, byte| {
        let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        (0..8).fold(crc ^ u32::from(*byte), step)
    });
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(named);
    file.extend((!crc).to_be_bytes());
}
