//! Map and mask files of every format, and the folders they lie in.

use std::io::Cursor;

use aesc_data::{
    Channels, DataError, Limits, list_maps, list_masks, read_image, read_map_file, read_map_tiff,
    read_mask_file, read_size,
};
use image::{ImageBuffer, Luma, Rgb, RgbImage};
use tiff::encoder::{TiffEncoder, colortype};

use crate::{
    Tree,
    npy::{floats, npy},
};

fn float_tiff(values: &[f32]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<colortype::Gray32Float>(values.len() as u32, 1, values)
        .unwrap();
    bytes.into_inner()
}

#[test]
fn float_maps_come_back_bit_for_bit() {
    let tree = Tree::new();
    let values = [-1.5, 0.1, 1e-30, 7e20];
    let path = tree.file("a.tiff", &float_tiff(&values));
    let map = read_map_tiff(path, &Limits::default()).unwrap();
    assert_eq!((map.height(), map.width()), (1, 4));
    assert_eq!(map.data(), values);
    // As an image it is refused for what it is, not as damaged.
    let path = tree.file("b.tiff", &float_tiff(&values));
    let limits = Limits::default();
    let told = [
        read_image(&path, Channels::Rgb, &limits).unwrap_err(),
        read_size(&path, &limits).unwrap_err(),
    ];
    for error in told {
        assert!(matches!(error, DataError::PixelType { .. }), "{error}");
        assert!(
            error.to_string().contains("expected 8 or 16 bit a channel"),
            "{error}"
        );
    }
}

#[test]
fn double_precision_tiffs_are_rounded() {
    let tree = Tree::new();
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<colortype::Gray64Float>(2, 1, &[0.25, 0.1])
        .unwrap();
    let path = tree.file("a.tif", &bytes.into_inner());
    let map = read_map_file(path, &Limits::default()).unwrap();
    assert_eq!(map.data(), [0.25, 0.1_f32]);
}

#[test]
fn maps_that_are_not_finite_floats_are_refused() {
    let tree = Tree::new();
    let read = |path| read_map_tiff(path, &Limits::default());
    let nan = tree.file("nan.tiff", &float_tiff(&[0.0, f32::NAN]));
    let text = read(nan).unwrap_err().to_string();
    assert!(text.contains("nan.tiff") && text.contains("found NaN at row 0, column 1"));
    let bytes = tree.grey("bytes.tiff", 3);
    assert!(matches!(read(bytes), Err(DataError::PixelType { .. })));
    let png = tree.grey("a.png", 3);
    assert!(matches!(read(png), Err(DataError::Broken { .. })));
}

#[test]
fn grey_pictures_are_maps_of_8_or_16_bit() {
    let tree = Tree::new();
    let path = tree.grey("a.png", 51);
    let map = read_map_file(path, &Limits::default()).unwrap();
    assert_eq!((map.height(), map.width()), (4, 3));
    assert_eq!(map.data(), [0.2; 12]); // 51 of 255
    let path = tree.root().join("b.PNG");
    ImageBuffer::from_pixel(2, 1, Luma([13_107_u16]))
        .save(&path)
        .unwrap();
    let map = read_map_file(path, &Limits::default()).unwrap();
    assert_eq!(map.data(), [0.2; 2]); // 13107 of 65535
}

#[test]
fn a_coloured_picture_is_no_map() {
    let tree = Tree::new();
    let path = tree.root().join("heat.png");
    RgbImage::from_pixel(2, 2, Rgb([255, 0, 0]))
        .save(&path)
        .unwrap();
    let error = read_map_file(path, &Limits::default()).unwrap_err();
    assert!(matches!(error, DataError::PixelType { .. }), "{error}");
}

#[test]
fn other_suffixes_are_no_maps() {
    let tree = Tree::new();
    let path = tree.file("a.txt", b"1 2 3");
    let error = read_map_file(path, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains(".npy"), "{error}");
}

#[test]
fn masks_are_arrays_over_0_or_pictures_over_127() {
    let tree = Tree::new();
    let array = tree.file("a.npy", &npy("'|u1'", false, "(1, 2)", &[0, 1]));
    let read = |path| read_mask_file(path, &Limits::default()).unwrap();
    assert_eq!(read(array).data(), [false, true]);
    assert!(!read(tree.grey("low.png", 127)).any());
    assert!(read(tree.grey("high.png", 128)).any());
}

#[test]
fn folders_are_walked_for_what_is_wanted() {
    let tree = Tree::new();
    let map = npy("'<f4'", false, "(1, 1)", &floats(&[0.5]));
    for name in [
        "cut/b.npy",
        "cut/a.TIFF",
        "good/a.png",
        "note.txt",
        ".hidden.npy",
        "x.jpg",
    ] {
        tree.file(name, &map);
    }
    let names = |found: Vec<std::path::PathBuf>| -> Vec<String> {
        found.iter().map(|p| p.display().to_string()).collect()
    };
    let maps = names(list_maps(tree.root()).unwrap());
    assert_eq!(maps, ["cut/a.TIFF", "cut/b.npy", "good/a.png"]);
    let masks = names(list_masks(tree.root()).unwrap());
    assert_eq!(masks, ["cut/a.TIFF", "cut/b.npy", "good/a.png", "x.jpg"]);
    let none = Tree::new();
    let error = list_maps(none.root()).unwrap_err();
    assert!(matches!(error, DataError::NoFiles { .. }), "{error}");
    let missing = list_masks(none.root().join("no")).unwrap_err();
    assert!(matches!(missing, DataError::NotFound { .. }), "{missing}");
}

#[test]
fn a_size_is_told_from_the_header() {
    let tree = Tree::new();
    let path = tree.grey("a.png", 3);
    assert_eq!(read_size(&path, &Limits::default()).unwrap(), (4, 3));
    let limits = Limits {
        max_pixels: 11,
        ..Limits::default()
    };
    assert!(matches!(
        read_size(path, &limits),
        Err(DataError::TooManyPixels { .. })
    ));
}
