//! Anybody's maps measured: arrays, files, data sets.

mod arrays;
mod files;

use std::path::Path;

use serde_json::Value;
use tiff::encoder::{TiffEncoder, colortype};

/// A `.npy` file of version 1.0.
fn npy(descr: &str, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let sides: String = shape.iter().map(|side| format!("{side},")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(values);
    bytes
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn float_tiff(path: &Path, (height, width): (usize, usize), values: &[f32]) {
    let mut bytes = std::io::Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<colortype::Gray32Float>(width as u32, height as u32, values)
        .unwrap();
    write(path, bytes.get_ref());
}

fn assert_close(found: &Value, key: &str, expected: f64, tolerance: f64) {
    let value = found[key].as_f64().unwrap();
    assert!(
        (value - expected).abs() <= tolerance,
        "{key}: found {value}, expected {expected}"
    );
}
