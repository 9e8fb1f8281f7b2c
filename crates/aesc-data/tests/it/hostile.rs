//! Damaged images, masks and maps: an error or pixels, never a panic, never memory without bound.

use std::io::Cursor;
use std::path::Path;

use aesc_data::{Channels, Limits, decode_image, read_map_file, read_map_tiff, read_mask_file};
use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use tiff::encoder::{TiffEncoder, colortype::Gray32Float};

use crate::mutation::{changed, changes};
use crate::peak::peak;

/// Images of more pixels than this are refused here.
const MAX_PIXELS: u64 = 1 << 16;
/// What a decoder may hold, however small the images that are allowed.
const BOUND: usize = 128 << 20;

fn limits() -> Limits {
    Limits {
        max_pixels: MAX_PIXELS,
        ..Limits::default()
    }
}

/// A picture with something in it.
fn picture() -> image::Rgb32FImage {
    let value = |x: u32, y: u32, c: u32| ((x * 7 + y * 13 + c * 29) % 32) as f32 / 31.0;
    image::Rgb32FImage::from_fn(21, 13, |x, y| image::Rgb([0, 1, 2].map(|c| value(x, y, c))))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Every format, grey and coloured, 8 and 16 bit where the format has them.
fn files() -> Vec<Vec<u8>> {
    let image = DynamicImage::from(picture());
    let (rgb8, rgb16) = (
        DynamicImage::from(image.to_rgb8()),
        DynamicImage::from(image.to_rgb16()),
    );
    let grey8 = DynamicImage::from(image.to_luma8());
    let mut files = vec![
        encoded(&rgb16, ImageFormat::Png),
        encoded(&rgb16, ImageFormat::Tiff),
    ];
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Pnm,
    ] {
        files.push(encoded(&rgb8, format));
    }
    files.extend(
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Pnm].map(|f| encoded(&grey8, f)),
    );
    files
}

fn map_tiff() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let values: Vec<f32> = (0..12).map(|i| i as f32 / 11.0).collect();
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<Gray32Float>(4, 3, &values).unwrap();
    bytes.into_inner()
}

fn map_npy() -> Vec<u8> {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let padded = format!("{header:<117}\n");
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend((0..12).flat_map(|i| (i as f32).to_le_bytes()));
    bytes
}

fn decode(bytes: &[u8]) -> bool {
    let (decoded, most) = peak(|| decode_image(bytes, "a", Channels::Rgb, &limits()));
    assert!(
        most <= BOUND,
        "{most} bytes held for a file of {}",
        bytes.len()
    );
    decoded.is_ok_and(|decoded| {
        let pixels = (decoded.image.height() * decoded.image.width()) as u64;
        let in_range = decoded
            .image
            .data()
            .iter()
            .all(|value| (0.0..=1.0).contains(value));
        assert!(pixels <= MAX_PIXELS && in_range);
        true
    })
}

fn read_maps(folder: &Path, name: &str, bytes: &[u8]) -> bool {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    let (read, most) = peak(|| {
        let _ = (
            read_mask_file(&path, &limits()),
            read_map_tiff(&path, &limits()),
        );
        read_map_file(&path, &limits())
    });
    assert!(
        most <= BOUND,
        "{most} bytes held for a file of {}",
        bytes.len()
    );
    read.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_images_are_an_error_or_pixels_in_range(changes in changes()) {
        for file in files() {
            decode(&changed(&file, &changes));
        }
    }

    #[test]
    fn damaged_maps_are_an_error_or_a_map(changes in changes()) {
        let folder = tempfile::tempdir().unwrap();
        read_maps(folder.path(), "a.npy", &changed(&map_npy(), &changes));
        read_maps(folder.path(), "a.tiff", &changed(&map_tiff(), &changes));
    }
}

/// One byte of a tag made the decoder hold 200 MiB for 246 bytes.
#[test]
fn a_map_with_an_enormous_tag_stays_within_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = map_tiff();
    bytes[140] = 64;
    read_maps(folder.path(), "a.tiff", &bytes);
}

#[test]
fn the_undamaged_files_are_read() {
    assert!(files().iter().all(|file| decode(file)));
    let folder = tempfile::tempdir().unwrap();
    assert!(read_maps(folder.path(), "a.npy", &map_npy()));
    assert!(read_maps(folder.path(), "a.tiff", &map_tiff()));
}
