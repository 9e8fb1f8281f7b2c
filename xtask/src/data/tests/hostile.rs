//! Archives that would leave their folder, fill the disk or the memory, or deceive.

use super::packed::{Packed, header, png, xz};
use super::{CATEGORIES, Place};
use crate::data::extract::{Bounds, Extract};
use crate::interrupt::Interrupt;
use std::fs;
use tar::EntryType;

/// What unpacking says, once it is sure that nothing came to lie outside of its folder.
fn unpack(archive: &[u8], bounds: Bounds) -> anyhow::Result<u64> {
    let place = Place::new();
    let (path, into) = (place.path("a.tar.xz"), place.path("into"));
    fs::write(&path, archive).unwrap();
    fs::create_dir(&into).unwrap();
    let names = CATEGORIES.map(|category| category.name);
    let extract = Extract {
        categories: &names,
        wanted: &names,
        bounds,
        interrupt: &Interrupt::default(),
    };
    let unpacked = extract.unpack(&path, &into);
    assert_eq!(place.names(), ["a.tar.xz", "into"]);
    unpacked
}

fn refusal(packed: Packed) -> String {
    let error = unpack(&packed.finish(), Bounds::default()).unwrap_err();
    format!("{error:#}")
}

#[test]
fn paths_out_of_the_folder_are_refused() {
    for name in [
        "/evil",
        "../evil",
        "bottle/../../evil",
        "bottle/train/..",
        "other/../../evil",
    ] {
        let mut packed = Packed::new();
        packed.file(name, b"evil");
        let text = refusal(packed);
        assert!(
            text.contains("the archive is refused") && text.contains(name),
            "{text}"
        );
    }
}

#[test]
fn links_devices_and_other_kinds_are_refused_wherever_they_lie() {
    let kinds = [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a named pipe"),
        (EntryType::Continuous, "neither a regular file nor a folder"),
        (EntryType::GNUSparse, "neither a regular file nor a folder"),
    ];
    for (kind, words) in kinds {
        for name in ["bottle/readme.txt", "elsewhere"] {
            let mut packed = Packed::new();
            let mut header = header(kind, name, 0);
            header.set_link_name_literal("../evil").unwrap();
            header.set_cksum();
            packed.append(&header, &[]);
            let text = refusal(packed);
            assert!(text.contains(words) && text.contains(name), "{text}");
        }
    }
}

#[test]
fn a_name_twice_is_refused_as_is_a_file_in_a_folders_place() {
    for (first, second, words) in [
        ("bottle/a", "bottle/a", "the same name twice"),
        ("bottle/a", "x/bottle/./a", "the same name twice"),
        (
            "bottle/a",
            "bottle/a/b",
            "a file and a folder of the same name",
        ),
        (
            "bottle/a",
            "bottle/a/",
            "a file and a folder of the same name",
        ),
        ("bottle/a/b", "bottle/a", "the same name twice"),
    ] {
        let mut packed = Packed::new();
        packed.file(first, b"1");
        packed.file(second, b"");
        let text = refusal(packed);
        assert!(text.contains(words), "{first}, {second}: {text}");
    }
}

#[test]
fn one_byte_over_a_bound_is_refused_and_the_bound_itself_is_not() {
    let mut packed = Packed::new();
    packed.file("bottle/a", &[0; 600]);
    packed.file("bottle/b", &[0; 100]);
    let archive = packed.finish();
    // Headers of 512 bytes, content in blocks of 512, two empty blocks at the end, of which the
    // first tells the end: 512 + 1024 + 512 + 512 + 512.
    let exact = Bounds {
        file: 600,
        total: 3072,
        entries: 2,
        ..Bounds::default()
    };
    assert_eq!(unpack(&archive, exact).unwrap(), 2);
    let tight = [
        (Bounds { file: 599, ..exact }, "600 bytes, 599 at most"),
        (
            Bounds {
                total: 2559,
                ..exact
            },
            "more comes out of it",
        ),
        (
            Bounds {
                entries: 1,
                ..exact
            },
            "more than 1 entries",
        ),
        (
            Bounds {
                memory: 1 << 16,
                ..exact
            },
            "emory",
        ),
    ];
    for (bounds, words) in tight {
        let text = format!("{:#}", unpack(&archive, bounds).unwrap_err());
        assert!(text.contains(words), "{words} not in {text}");
    }
}

#[test]
fn a_bomb_outside_of_the_categories_is_stopped_too() {
    let mut packed = Packed::new();
    packed.file("zeros", &vec![0; 4 << 20]);
    let bounds = Bounds {
        total: 1 << 20,
        ..Bounds::default()
    };
    let text = format!("{:#}", unpack(&packed.finish(), bounds).unwrap_err());
    assert!(text.contains("more comes out of it"), "{text}");
}

#[test]
fn long_names_of_both_kinds_are_read_and_judged() {
    let long = format!("bottle/test/{}/000.png", "x".repeat(150));
    let pax = |key: &str, value: &str| {
        // Length, its own digits included, then the record: "NNN key=value\n".
        let rest = key.len() + value.len() + 3;
        let length = (rest + 1..rest + 9)
            .find(|n| n.to_string().len() + rest == *n)
            .unwrap();
        format!("{length} {key}={value}\n").into_bytes()
    };
    let outcomes = [
        (EntryType::GNULongName, long.clone().into_bytes(), None),
        (EntryType::XHeader, pax("path", &long), None),
        (EntryType::XHeader, pax("mtime", "1.5"), None),
        (
            EntryType::GNULongName,
            b"../evil\0".to_vec(),
            Some("leads out"),
        ),
        (
            EntryType::XHeader,
            pax("path", "../evil"),
            Some("leads out"),
        ),
        (
            EntryType::XHeader,
            pax("size", "9"),
            Some("changes an entry"),
        ),
        (
            EntryType::XHeader,
            pax("GNU.sparse.major", "1"),
            Some("changes an entry"),
        ),
        (EntryType::GNULongName, vec![b'x'; 70_000], Some("too long")),
        (
            EntryType::GNULongName,
            b"bottle/\xff".to_vec(),
            Some("not UTF-8"),
        ),
    ];
    for (kind, content, refused) in outcomes {
        let mut packed = Packed::new();
        packed.entry(kind, "header", &content);
        packed.file("bottle/a", b"1");
        let unpacked = unpack(&packed.finish(), Bounds::default());
        match refused {
            None => assert_eq!(unpacked.unwrap(), 1),
            Some(words) => {
                let text = format!("{:#}", unpacked.unwrap_err());
                assert!(text.contains(words), "{words} not in {text}");
            }
        }
    }
}

#[test]
fn a_cut_or_changed_archive_is_found() {
    let mut packed = Packed::new();
    packed.file("bottle/a", &png(1).repeat(20));
    let whole = packed.finish();
    assert!(unpack(&whole, Bounds::default()).is_ok());
    assert!(unpack(&whole[..whole.len() / 2], Bounds::default()).is_err());
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    assert!(unpack(&changed, Bounds::default()).is_err());
    assert!(unpack(b"no xz file", Bounds::default()).is_err());
    assert!(unpack(&xz(&[7; 1024]), Bounds::default()).is_err());
}

#[test]
fn a_tar_that_ends_inside_a_file_is_found() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_path("bottle/a").unwrap();
    header.set_size(2000);
    header.set_cksum();
    tar.append(&header, &[1; 2000][..]).unwrap();
    let bytes = tar.into_inner().unwrap();
    let error = unpack(&xz(&bytes[..1000]), Bounds::default()).unwrap_err();
    // 1000 bytes less a header of 512.
    assert!(
        format!("{error:#}").contains("488 of 2000 bytes"),
        "{error:#}"
    );
}

#[test]
fn what_is_not_part_of_the_dataset_is_left_in_the_archive() {
    let mut packed = Packed::new();
    packed.file("bottle/a", b"1");
    packed.file("other/b", b"2");
    packed.file("c.sh", b"3");
    assert_eq!(unpack(&packed.finish(), Bounds::default()).unwrap(), 1);
}
