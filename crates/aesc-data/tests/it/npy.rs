//! Arrays in `.npy` files: every layout and type, and every lie a header can tell.

use aesc_data::{DataError, Limits, NpyPlanes, read_map_file, read_mask_file};

use crate::Tree;

/// A version 1.0 file by its header's words and its values' bytes.
pub(crate) fn npy(descr: &str, fortran_order: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if fortran_order { "True" } else { "False" };
    let text =
        format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}          \n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(values);
    bytes
}

/// Little-endian 32-bit floats.
pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn open(bytes: &[u8]) -> Result<NpyPlanes, DataError> {
    let tree = Tree::new();
    // The open file outlives its name.
    NpyPlanes::open(tree.file("a.npy", bytes), &Limits::default())
}

/// Every plane's height, width and values.
fn planes(bytes: &[u8]) -> Vec<(usize, usize, Vec<f32>)> {
    let mut planes = open(bytes).unwrap();
    (0..planes.n_planes())
        .map(|index| {
            let map = planes.map(index).unwrap();
            (map.height(), map.width(), map.into_data())
        })
        .collect()
}

fn refusal(bytes: &[u8]) -> String {
    open(bytes).unwrap_err().to_string()
}

const TWELVE: [f32; 12] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11.];

#[test]
fn a_stack_gives_its_planes_row_by_row() {
    let expected = [(2, 3, TWELVE[..6].to_vec()), (2, 3, TWELVE[6..].to_vec())];
    for shape in ["(2, 2, 3)", "(2, 1, 2, 3)", "(2, 2, 3, 1)"] {
        let found = planes(&npy("'<f4'", false, shape, &floats(&TWELVE)));
        assert_eq!(found, expected, "{shape}");
    }
    let one = planes(&npy("'<f4'", false, "(4, 3)", &floats(&TWELVE)));
    assert_eq!(one, [(4, 3, TWELVE.to_vec())]);
}

#[test]
fn planes_come_in_any_order_and_again() {
    let mut stack = open(&npy("'<f4'", false, "(3, 1, 4)", &floats(&TWELVE))).unwrap();
    for index in [2, 0, 2, 1] {
        let map = stack.map(index).unwrap();
        assert_eq!(map.data(), &TWELVE[4 * index..][..4]);
    }
    assert!(matches!(stack.map(3), Err(DataError::Setting { .. })));
}

#[test]
fn fortran_order_is_turned_back() {
    // Value (i, y, x) = 6 i + 3 y + x; in Fortran order i runs fastest, x slowest.
    let mut values = Vec::new();
    for x in 0..3 {
        for y in 0..2 {
            for i in 0..2 {
                values.push((6 * i + 3 * y + x) as f32);
            }
        }
    }
    let expected = [(2, 3, TWELVE[..6].to_vec()), (2, 3, TWELVE[6..].to_vec())];
    for shape in ["(2, 2, 3)", "(2, 1, 2, 3)", "(2, 2, 3, 1)"] {
        assert_eq!(
            planes(&npy("'<f4'", true, shape, &floats(&values))),
            expected
        );
    }
    // [[0, 1, 2], [3, 4, 5]] by columns.
    let one = npy("'<f4'", true, "(2, 3)", &floats(&[0., 3., 1., 4., 2., 5.]));
    assert_eq!(planes(&one), [(2, 3, TWELVE[..6].to_vec())]);
}

#[test]
fn versions_2_and_3_have_longer_lengths() {
    for version in [2, 3] {
        let one = npy("'|u1'", false, "(1, 2)", &[7, 8]);
        let mut bytes = one[..8].to_vec();
        bytes[6] = version;
        bytes.extend([one[8], one[9], 0, 0]);
        bytes.extend(&one[10..]);
        assert_eq!(planes(&bytes), [(1, 2, vec![7., 8.])]);
    }
    let mut bytes = npy("'|u1'", false, "(1, 2)", &[7, 8]);
    bytes[6] = 4;
    assert!(refusal(&bytes).contains("version 4.0"));
}

#[test]
fn masks_are_true_over_zero() {
    let cases: [(&str, Vec<u8>); 5] = [
        ("'|b1'", vec![0, 1, 0]),
        ("'|u1'", vec![0, 255, 0]),
        ("'|i1'", vec![0, 1, 0xff]),
        ("'>i2'", vec![0, 0, 1, 0, 0x80, 0]),
        ("'<f4'", floats(&[0., 1e-30, -1.])),
    ];
    for (descr, values) in cases {
        let mut planes = open(&npy(descr, false, "(1, 1, 3)", &values)).unwrap();
        let mask = planes.mask(0).unwrap();
        assert_eq!(mask.data(), [false, true, false], "{descr}");
    }
}

#[test]
fn a_value_that_is_not_finite_is_named_by_its_place() {
    let mut values = TWELVE;
    values[10] = f32::NAN;
    let mut stack = open(&npy("'<f4'", false, "(2, 2, 3)", &floats(&values))).unwrap();
    assert!(stack.map(0).is_ok());
    for error in [stack.map(1).unwrap_err(), stack.mask(1).unwrap_err()] {
        let text = error.to_string();
        assert!(
            text.contains("found NaN at row 1, column 1 of array 1"),
            "{text}"
        );
    }
    // A double that no 32-bit float can hold.
    let mut wide = open(&npy("'<f8'", false, "(1, 1)", &1e300_f64.to_le_bytes())).unwrap();
    assert!(matches!(wide.map(0), Err(DataError::NotFinite { .. })));
    assert!(wide.mask(0).unwrap().any());
}

#[test]
fn shapes_that_are_no_planes_are_refused_by_their_sides() {
    for shape in ["()", "(12,)", "(2, 3, 1, 2)", "(1, 2, 3, 2, 1)"] {
        let text = refusal(&npy("'|u1'", false, shape, &[0; 12]));
        assert!(text.contains("[n, height, width]"), "{text}");
    }
    for shape in ["(0, 2, 3)", "(2, 0, 3)", "(0, 0)"] {
        let text = refusal(&npy("'|u1'", false, shape, &[]));
        assert!(text.contains("no side of zero"), "{text}");
    }
}

#[test]
fn a_size_no_file_has_is_refused_before_anything_is_allocated() {
    for shape in [
        "(18446744073709551615, 18446744073709551615)",
        "(1, 4294967296, 4294967296)",
        "(1, 1000000, 1000)",
    ] {
        let text = refusal(&npy("'<f8'", false, shape, &[0; 8]));
        assert!(text.contains("at most 200000000 values a plane"), "{text}");
    }
    let text = refusal(&npy(
        "'<f8'",
        false,
        "(18446744073709551615, 10, 10)",
        &[0; 8],
    ));
    assert!(text.contains("more than any file"), "{text}");
    let text = refusal(&npy("'<f4'", true, "(1000000, 1000, 1000)", &[0; 8]));
    assert!(text.contains("8 bytes of values"), "{text}");
}

#[test]
fn a_file_of_another_length_than_its_shape_is_refused() {
    let whole = npy("'<f4'", false, "(2, 2, 3)", &floats(&TWELVE));
    for length in [whole.len() - 1, whole.len() - 48] {
        let text = refusal(&whole[..length]);
        assert!(text.contains("where the shape [2, 2, 3] has 48"), "{text}");
    }
    let twice = [&whole[..], &whole[..]].concat();
    assert!(refusal(&twice).contains("where the shape [2, 2, 3] has 48"));
    for length in [3, 9, 40] {
        let text = refusal(&whole[..length]);
        assert!(text.contains("the end within the header"), "{text}");
    }
    assert!(matches!(open(b""), Err(DataError::Broken { .. })));
}

#[test]
fn files_that_are_no_arrays_of_numbers_are_refused_in_words() {
    for (bytes, told) in [
        (npy("'|O'", false, "(1, 1)", b"\x80\x04."), "Python objects"),
        (npy("'<c8'", false, "(1, 1)", &[0; 8]), "the type \"<c8\""),
        (b"PK\x03\x04\0\0\0\0\0\0".to_vec(), "an .npz archive"),
        (b"\x80\x04\x95\0\0\0\0\0\0".to_vec(), "a Python pickle"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "a file beginning [89, 50"),
    ] {
        let text = refusal(&bytes);
        assert!(text.contains(told) && text.contains("a.npy"), "{text}");
    }
    let folder = Tree::new();
    let error = NpyPlanes::open(folder.root(), &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("found a folder"), "{error}");
}

#[test]
fn fortran_order_keeps_to_the_limit_on_files_and_c_order_need_not() {
    let limits = Limits {
        max_file_bytes: 8,
        ..Limits::default()
    };
    let tree = Tree::new();
    let scattered = tree.file("f.npy", &npy("'|u1'", true, "(3, 1, 3)", &[0; 9]));
    assert!(matches!(
        NpyPlanes::open(scattered, &limits),
        Err(DataError::TooManyBytes { found: 9, .. })
    ));
    let rows = tree.file("c.npy", &npy("'|u1'", false, "(3, 1, 3)", &[0; 9]));
    assert_eq!(NpyPlanes::open(rows, &limits).unwrap().n_planes(), 3);
}

#[test]
fn a_file_of_one_map_may_have_axes_of_one() {
    let tree = Tree::new();
    let values = floats(&TWELVE[..6]);
    for shape in [
        "(2, 3)",
        "(1, 2, 3)",
        "(2, 3, 1)",
        "(1, 1, 2, 3)",
        "(1, 2, 3, 1)",
    ] {
        let path = tree.file("a.npy", &npy("'<f4'", false, shape, &values));
        let map = read_map_file(&path, &Limits::default()).unwrap();
        assert_eq!((map.height(), map.width()), (2, 3), "{shape}");
        assert_eq!(map.data(), &TWELVE[..6]);
        let mask = read_mask_file(&path, &Limits::default()).unwrap();
        assert_eq!(mask.count(), 5);
    }
    let stack = tree.file("a.npy", &npy("'<f4'", false, "(2, 1, 3)", &values));
    let error = read_map_file(stack, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("one plane"), "{error}");
}
