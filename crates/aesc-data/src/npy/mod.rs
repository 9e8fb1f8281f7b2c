//! Maps and masks in `.npy` files, one plane at a time.
//!
//! The file is taken as hostile: what its header claims is held against its length before
//! anything is allocated. (The crates that read this format allocate what the header says, or
//! parse it by recursion.) Reference: `numpy.lib.format`.

mod element;
mod header;

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use aesc_image::{Map, Mask};

use self::{
    element::Element,
    header::{Fault, Header},
};
use crate::{
    DataError, Limits,
    decode::regular_file,
    map_files::{check_finite, finite_map},
};

const FORMAT: &str = "NPY";

/// The planes of a `.npy` file: `[n, h, w]`, `[n, 1, h, w]`, `[n, h, w, 1]`, or `[h, w]` for one.
///
/// Values are bool, integers of 8 to 64 bit or floats of 16 to 64 bit, in either byte order.
/// In C order a plane is read when it is asked for, whatever the size of the file; a file in
/// Fortran order, whose planes lie scattered, is held as a whole and must keep to
/// [`Limits::max_file_bytes`].
#[derive(Debug)]
pub struct NpyPlanes {
    path: PathBuf,
    file: File,
    /// Bytes before the first value.
    start: u64,
    element: Element,
    n_planes: usize,
    height: usize,
    width: usize,
    /// Every value, where the file is in Fortran order.
    scattered: Option<Vec<u8>>,
}

/// Where the planes are among the sides of an array.
type Layout = fn(&[u64]) -> Option<[u64; 3]>;

fn stack(shape: &[u64]) -> Option<[u64; 3]> {
    match *shape {
        [height, width] => Some([1, height, width]),
        [n, height, width] | [n, 1, height, width] | [n, height, width, 1] => {
            Some([n, height, width])
        }
        _ => None,
    }
}

fn single(shape: &[u64]) -> Option<[u64; 3]> {
    match *shape {
        [height, width]
        | [1, height, width]
        | [height, width, 1]
        | [1, 1, height, width]
        | [1, height, width, 1] => Some([1, height, width]),
        _ => None,
    }
}

impl NpyPlanes {
    /// Opens the file at `path` and checks all its header says.
    ///
    /// # Errors
    /// [`DataError`] when there is no such file, it is broken, cut short or too long, holds
    /// something else than numbers, has another shape, a side of zero, a plane over
    /// [`Limits::max_pixels`], or is in Fortran order and over [`Limits::max_file_bytes`].
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, DataError> {
        let expected = "[n, height, width], with or without an axis of one channel";
        Self::open_as((stack, expected), path.as_ref(), limits)
    }

    /// Opens a file that holds one plane.
    pub(crate) fn open_single(path: &Path, limits: &Limits) -> Result<Self, DataError> {
        Self::open_as((single, "one plane [height, width]"), path, limits)
    }

    fn open_as(
        (layout, expected): (Layout, &'static str),
        path: &Path,
        limits: &Limits,
    ) -> Result<Self, DataError> {
        const EXPECTED: &str = "a .npy file";
        let length = regular_file(path, EXPECTED)?;
        let mut file = File::open(path).map_err(|e| DataError::io(path, EXPECTED, e))?;
        let header = header::read(&mut file).map_err(|fault| refused(path, fault))?;
        let [n_planes, height, width] = layout(&header.shape).ok_or_else(|| DataError::Array {
            path: path.to_path_buf(),
            expected: expected.to_owned(),
            found: header.shape.clone(),
        })?;
        check_sides(path, &header, [n_planes, height, width], limits)?;
        let n_bytes = check_length(path, &header, length)?;
        let scattered = if header.fortran_order {
            Some(whole(path, &mut file, n_bytes, limits)?)
        } else {
            None
        };
        Ok(Self {
            path: path.to_path_buf(),
            file,
            start: header.size,
            element: header.element,
            n_planes: n_planes as usize,
            height: height as usize,
            width: width as usize,
            scattered,
        })
    }

    /// How many planes there are, at least one.
    pub fn n_planes(&self) -> usize {
        self.n_planes
    }

    /// The plane number `index`, from 0, as a map; wider types are rounded to 32-bit floats.
    ///
    /// # Errors
    /// [`DataError`] when there is no such plane, it cannot be read, or a value is not finite as
    /// a 32-bit float.
    pub fn map(&mut self, index: usize) -> Result<Map, DataError> {
        let bytes = self.plane(index)?;
        let mut values = Vec::with_capacity(self.height * self.width);
        self.element.each(&bytes, |value| values.push(value as f32));
        finite_map(&self.path, index, (self.height, self.width), values)
    }

    /// The plane number `index`, from 0, as a mask: true where the value exceeds 0.
    ///
    /// # Errors
    /// [`DataError`] when there is no such plane, it cannot be read, or a value is not finite.
    pub fn mask(&mut self, index: usize) -> Result<Mask, DataError> {
        let bytes = self.plane(index)?;
        let mut inside = Vec::with_capacity(self.height * self.width);
        let mut bad = None;
        self.element.each(&bytes, |value| {
            if !value.is_finite() {
                bad = bad.or(Some((inside.len(), value)));
            }
            inside.push(value > 0.0);
        });
        check_finite(&self.path, index, self.width, bad)?;
        Ok(Mask::new(self.height, self.width, inside)?)
    }

    /// The bytes of a plane, row by row.
    fn plane(&mut self, index: usize) -> Result<Vec<u8>, DataError> {
        if index >= self.n_planes {
            let expected = "less than the number of planes";
            return Err(DataError::setting("index", expected, index));
        }
        let size = self.element.size();
        let n_bytes = self.height * self.width * size;
        if let Some(all) = &self.scattered {
            let mut bytes = Vec::with_capacity(n_bytes);
            for pixel in 0..self.height * self.width {
                let (y, x) = (pixel / self.width, pixel % self.width);
                let at = (index + self.n_planes * (y + self.height * x)) * size;
                bytes.extend_from_slice(&all[at..at + size]);
            }
            return Ok(bytes);
        }
        let mut bytes = vec![0; n_bytes];
        let at = self.start + index as u64 * n_bytes as u64;
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|e| DataError::io(&self.path, "a .npy file", e))?;
        Ok(bytes)
    }
}

fn refused(path: &Path, fault: Fault) -> DataError {
    let path = path.to_path_buf();
    match fault {
        Fault::Io(source) => DataError::Io { path, source },
        Fault::Broken(found) => DataError::Broken {
            path,
            format: FORMAT,
            found,
        },
        Fault::Type(found) => DataError::PixelType {
            path,
            expected: "bool, integers or floats of up to 64 bit",
            found,
        },
    }
}

/// Whether every side is at least one and a plane within `limits`.
fn check_sides(
    path: &Path,
    header: &Header,
    [n_planes, height, width]: [u64; 3],
    limits: &Limits,
) -> Result<(), DataError> {
    let refuse = |expected: String| {
        let (path, found) = (path.to_path_buf(), header.shape.clone());
        Err(DataError::Array {
            path,
            expected,
            found,
        })
    };
    if n_planes == 0 || height == 0 || width == 0 {
        return refuse("no side of zero".to_owned());
    }
    let limit = limits.max_pixels;
    match height.checked_mul(width) {
        Some(pixels) if pixels <= limit => Ok(()),
        _ => refuse(format!("at most {limit} values a plane")),
    }
}

/// Whether the values claimed are exactly what follows the header; how many bytes they take.
fn check_length(path: &Path, header: &Header, length: u64) -> Result<u64, DataError> {
    let size = header.element.size() as u64;
    let product = |all: u64, side: &u64| all.checked_mul(*side);
    let expected = header.shape.iter().try_fold(size, product);
    let found = length.saturating_sub(header.size);
    match expected {
        Some(expected) if expected == found => Ok(found),
        _ => Err(DataError::Broken {
            path: path.to_path_buf(),
            format: FORMAT,
            found: format!(
                "{found} bytes of values where the shape {:?} has {}",
                header.shape,
                expected.map_or("more than any file".to_owned(), |n| n.to_string())
            ),
        }),
    }
}

/// All values of a file, whose header is read.
fn whole(
    path: &Path,
    file: &mut File,
    n_bytes: u64,
    limits: &Limits,
) -> Result<Vec<u8>, DataError> {
    if n_bytes > limits.max_file_bytes {
        return Err(DataError::TooManyBytes {
            path: path.to_path_buf(),
            limit: limits.max_file_bytes,
            found: n_bytes,
        });
    }
    let mut bytes = vec![0; n_bytes as usize];
    file.read_exact(&mut bytes)
        .map_err(|e| DataError::io(path, "a .npy file", e))?;
    Ok(bytes)
}
