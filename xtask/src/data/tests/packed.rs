//! Archives made for the tests, honest and hostile.

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use liblzma::read::XzEncoder;
use std::io::Read;
use tar::{Builder, EntryType, Header};

/// A `.tar.xz`, put together entry by entry; names are taken as they are.
pub(crate) struct Packed {
    tar: Builder<Vec<u8>>,
    n_images: u32,
}

impl Packed {
    pub(crate) fn new() -> Self {
        Self {
            tar: Builder::new(Vec::new()),
            n_images: 0,
        }
    }

    /// A regular file that, as those of the published archive, nobody may write.
    pub(crate) fn file(&mut self, name: &str, content: &[u8]) {
        self.entry(EntryType::Regular, name, content);
    }

    /// Any entry.
    pub(crate) fn entry(&mut self, kind: EntryType, name: &str, content: &[u8]) {
        self.append(&header(kind, name, content.len() as u64), content);
    }

    pub(crate) fn append(&mut self, header: &Header, content: &[u8]) {
        self.tar.append(header, content).unwrap();
    }

    /// A category in the published layout: `train` clean images, so many of each type to test.
    pub(crate) fn category(&mut self, dir: &str, train: u32, test: &[(&str, u32)]) {
        self.entry(EntryType::Directory, &format!("{dir}/"), &[]);
        self.file(&format!("{dir}/license.txt"), b"CC BY-NC-SA 4.0");
        self.file(&format!("{dir}/readme.txt"), b"read me");
        self.images(&format!("{dir}/train/good"), train);
        for (name, n) in test {
            self.images(&format!("{dir}/test/{name}"), *n);
            if *name != "good" {
                self.masks(&format!("{dir}/ground_truth/{name}"), *n);
            }
        }
    }

    fn images(&mut self, dir: &str, n: u32) {
        self.entry(EntryType::Directory, &format!("{dir}/"), &[]);
        for i in 0..n {
            self.n_images += 1;
            self.file(&format!("{dir}/{i:03}.png"), &png(self.n_images));
        }
    }

    fn masks(&mut self, dir: &str, n: u32) {
        self.entry(EntryType::Directory, &format!("{dir}/"), &[]);
        for i in 0..n {
            self.file(&format!("{dir}/{i:03}_mask.png"), &png(u32::MAX));
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        xz(&self.tar.into_inner().unwrap())
    }
}

/// The header of an entry with a name of at most 99 bytes, taken as it is.
pub(crate) fn header(kind: EntryType, name: &str, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o444);
    header.set_cksum();
    header
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    XzEncoder::new(bytes, 6).read_to_end(&mut packed).unwrap();
    packed
}

/// A grey image of 2 x 2 pixels that no other seed gives; the highest is white.
pub(crate) fn png(seed: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&seed.to_be_bytes(), 2, 2, ExtendedColorType::L8)
        .unwrap();
    bytes
}
