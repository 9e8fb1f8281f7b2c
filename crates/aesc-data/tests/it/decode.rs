//! Image files: formats, colour types, and every way a file can be wrong.

use aesc_data::{
    Channels, DataError, Decoded, Limits, Warning, read_image, read_mask, read_mask_of,
};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba};
use std::{fs, io::Cursor, path::Path};
use tiff::encoder::{TiffEncoder, colortype};

use crate::Tree;

fn rgb(path: &Path) -> Result<Decoded, DataError> {
    read_image(path, Channels::Rgb, &Limits::default())
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// 2 rows of 3 columns, all six pixels different.
fn six_colours() -> RgbImage {
    RgbImage::from_fn(3, 2, |x, y| Rgb([50 * x as u8, 100 * y as u8, 255]))
}

#[test]
fn every_lossless_format_gives_the_same_pixels() {
    let tree = Tree::new();
    for name in ["a.png", "a.bmp", "a.tiff", "a.webp", "a.ppm"] {
        let path = tree.root().join(name);
        six_colours().save(&path).unwrap();
        let image = rgb(&path).unwrap().image;
        assert_eq!((image.height(), image.width()), (2, 3), "{name}");
        // Row 1, column 2: R = 100, G = 100, B = 255.
        assert_eq!(
            image.pixel(1, 2),
            [100.0 / 255.0, 100.0 / 255.0, 1.0],
            "{name}"
        );
    }
}

#[test]
fn jpeg_is_read() {
    let tree = Tree::new();
    let path = tree.root().join("a.jpg");
    RgbImage::from_pixel(16, 16, Rgb([200, 100, 50]))
        .save(&path)
        .unwrap();
    let image = rgb(&path).unwrap().image;
    assert!((image.at(8, 8, 0) - 200.0 / 255.0).abs() < 0.02);
}

#[test]
fn the_format_is_told_by_content_not_suffix() {
    let tree = Tree::new();
    let png = encoded(&six_colours().into(), ImageFormat::Png);
    assert!(rgb(&tree.file("a.jpg", &png)).is_ok());
}

#[test]
fn grey_is_replicated_to_three_channels() {
    let tree = Tree::new();
    let image = rgb(&tree.grey("a.png", 51)).unwrap().image;
    assert_eq!(image.channels(), 3);
    assert_eq!(image.data(), [0.2; 36]); // 4 x 3 pixels
}

#[test]
fn sixteen_bit_keeps_its_precision() {
    let tree = Tree::new();
    let path = tree.root().join("a.png");
    let deep = ImageBuffer::<Luma<u16>, _>::from_fn(2, 1, |x, _| Luma([1000 + x as u16]));
    deep.save(&path).unwrap();
    let image = read_image(&path, Channels::Gray, &Limits::default())
        .unwrap()
        .image;
    assert_eq!(image.data(), [1000.0 / 65535.0, 1001.0 / 65535.0]);
}

#[test]
fn transparency_is_reported() {
    let tree = Tree::new();
    let path = tree.root().join("a.png");
    image::RgbaImage::from_pixel(1, 1, Rgba([255, 255, 255, 51]))
        .save(&path)
        .unwrap();
    let decoded = rgb(&path).unwrap();
    assert_eq!(decoded.image.data(), [0.2; 3]);
    assert_eq!(decoded.warnings, [Warning::AlphaComposited]);
}

/// A JPEG with an EXIF block that says "rotate by 90 degrees clockwise" (orientation 6).
fn sideways_jpeg() -> Vec<u8> {
    let left_white = GrayImage::from_fn(32, 16, |x, _| Luma([if x < 16 { 255 } else { 0 }]));
    let plain = encoded(&left_white.into(), ImageFormat::Jpeg);
    let mut exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    exif.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
    [&plain[..2], &exif, &plain[2..]].concat()
}

#[test]
fn exif_orientation_is_applied() {
    let tree = Tree::new();
    let image = rgb(&tree.file("a.jpg", &sideways_jpeg())).unwrap().image;
    // 32 wide and 16 high becomes 16 wide and 32 high; the white left half is now on top.
    assert_eq!((image.height(), image.width()), (32, 16));
    assert!(image.at(4, 8, 0) > 0.9 && image.at(28, 8, 0) < 0.1);
}

#[test]
fn cmyk_becomes_rgb() {
    let tree = Tree::new();
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<colortype::CMYK8>(1, 1, &[0, 255, 255, 0])
        .unwrap();
    // No cyan, full magenta and yellow, no black: red.
    let image = rgb(&tree.file("a.tiff", bytes.get_ref())).unwrap().image;
    assert_eq!(image.data(), [1.0, 0.0, 0.0]);
}

#[test]
fn masks_are_cut_above_127_of_255() {
    let tree = Tree::new();
    let shallow = tree.root().join("8.png");
    GrayImage::from_raw(4, 1, vec![0, 127, 128, 255])
        .unwrap()
        .save(&shallow)
        .unwrap();
    let deep = tree.root().join("16.png");
    let values = vec![0_u16, 127 * 257, 127 * 257 + 1, 65535];
    ImageBuffer::<Luma<u16>, _>::from_raw(4, 1, values)
        .unwrap()
        .save(&deep)
        .unwrap();
    let coloured = tree.root().join("rgb.png");
    let rgb = |v: u8| [v; 3];
    let values = [rgb(0), rgb(127), rgb(128), rgb(255)].concat();
    RgbImage::from_raw(4, 1, values)
        .unwrap()
        .save(&coloured)
        .unwrap();
    for path in [shallow, deep, coloured] {
        let mask = read_mask(&path, &Limits::default()).unwrap();
        assert_eq!(
            mask.data(),
            [false, false, true, true],
            "{}",
            path.display()
        );
        let limits = Limits::default();
        assert_eq!(read_mask_of(&path, (1, 4), &limits).unwrap(), mask);
        let error = read_mask_of(&path, (4, 1), &limits)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("expected 4 x 1 pixels like its image, found 1 x 4"),
            "{error}"
        );
    }
}

/// A chunk of a PNG file: length, name, content, checksum.
fn png_chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [&name, content].concat();
    let mut crc = u32::MAX;
    for byte in &named {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    [
        &(content.len() as u32).to_be_bytes()[..],
        &named,
        &(!crc).to_be_bytes(),
    ]
    .concat()
}

fn png_header(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let ihdr = [&size[..], &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n", &png_chunk(*b"IHDR", &ihdr)[..]].concat()
}

#[test]
fn huge_images_are_refused_by_their_header() {
    let tree = Tree::new();
    let empty_pixels = [png_chunk(*b"IDAT", &[]), png_chunk(*b"IEND", &[])].concat();
    let bomb = [png_header(60_000, 60_000), empty_pixels].concat();
    let error = rgb(&tree.file("bomb.png", &bomb)).unwrap_err();
    assert!(
        matches!(
            error,
            DataError::TooManyPixels {
                height: 60_000,
                width: 60_000,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn files_over_the_byte_limit_are_refused() {
    let tree = Tree::new();
    let limits = Limits {
        max_file_bytes: 10,
        ..Limits::default()
    };
    let path = tree.grey("a.png", 1);
    let found = fs::metadata(&path).unwrap().len();
    let error = read_image(&path, Channels::Rgb, &limits).unwrap_err();
    assert!(matches!(error, DataError::TooManyBytes { limit: 10, found: f, .. } if f == found));
}

#[test]
fn animated_png_is_refused() {
    let tree = Tree::new();
    let still = encoded(&six_colours().into(), ImageFormat::Png);
    // The header chunk ends at byte 33; an animation's control chunk follows it.
    let control = png_chunk(*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let animated = [&still[..33], &control, &still[33..]].concat();
    let error = rgb(&tree.file("a.png", &animated)).unwrap_err();
    assert!(
        matches!(
            error,
            DataError::SeveralImages {
                found: "an animation",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn multi_page_tiff_is_refused() {
    let tree = Tree::new();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    for _ in 0..2 {
        encoder.write_image::<colortype::Gray8>(1, 1, &[7]).unwrap();
    }
    let error = rgb(&tree.file("a.tif", bytes.get_ref())).unwrap_err();
    assert!(
        matches!(
            error,
            DataError::SeveralImages {
                found: "several pages",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn files_cut_short_are_broken_in_every_format() {
    let tree = Tree::new();
    let noisy = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, (x * 7) as u8, y as u8]));
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Pnm,
    ] {
        let whole = encoded(&noisy.clone().into(), format);
        for keep in [whole.len() / 2, whole.len() * 9 / 10] {
            let path = tree.file("cut.png", &whole[..keep]);
            let error = rgb(&path).expect_err(&format!("{format:?} cut at {keep}"));
            assert!(
                matches!(error, DataError::Broken { .. }),
                "{format:?}: {error}"
            );
            assert_eq!(error.path(), Some(path.as_path()));
        }
    }
}

#[test]
fn what_is_no_image_is_named() {
    let tree = Tree::new();
    let empty = rgb(&tree.file("empty.png", b"")).unwrap_err();
    assert!(matches!(empty, DataError::EmptyFile { .. }));
    let text = rgb(&tree.file("text.png", b"hello, world")).unwrap_err();
    assert!(
        text.to_string()
            .contains(r#"text beginning "hello, world""#),
        "{text}"
    );
    let folder = rgb(tree.root()).unwrap_err();
    assert!(
        folder
            .to_string()
            .ends_with("expected an image file, found a folder"),
        "{folder}"
    );
    let missing = rgb(&tree.root().join("none.png")).unwrap_err();
    assert!(matches!(missing, DataError::NotFound { .. }));
    let gif = rgb(&tree.file("a.gif", b"GIF89a\x01\0\x01\0\0\0\0;")).unwrap_err();
    assert!(matches!(gif, DataError::UnknownFormat { .. }), "{gif}");
}
