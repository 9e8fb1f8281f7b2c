//! What can go wrong with data, by who is at fault: the file, the folder's layout, the caller.
//!
//! Every message names the path, what was expected and what was found, and reads well after
//! "failed to".

use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use aesc_image::ShapeError;

/// Why an image, a mask, a map or a dataset folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The path names nothing.
    #[error("open {}: expected {expected}, found nothing at this path", path.display())]
    NotFound {
        /// The path asked for.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
    },
    /// A file where a folder should be, or the reverse.
    #[error("open {}: expected {expected}, found {found}", path.display())]
    WrongKind {
        /// The path asked for.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// The operating system refused.
    #[error("read {}: {source}", path.display())]
    Io {
        /// The path read.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file without a byte.
    #[error("read {}: expected an image, found an empty file", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// More bytes than [`Limits`](crate::Limits) allow.
    #[error("read {}: expected at most {limit} bytes, found {found}", path.display())]
    TooManyBytes {
        /// The file.
        path: PathBuf,
        /// The largest size accepted, in bytes.
        limit: u64,
        /// The file's size, in bytes.
        found: u64,
    },
    /// More pixels than [`Limits`](crate::Limits) allow, by the file's own header.
    #[error("read {}: expected at most {limit} pixels, found {height} x {width}", path.display())]
    TooManyPixels {
        /// The file.
        path: PathBuf,
        /// The largest number of pixels accepted.
        limit: u64,
        /// Rows claimed by the header.
        height: u32,
        /// Columns claimed by the header.
        width: u32,
    },
    /// Not one of the image formats read here.
    #[error("read {}: expected PNG, JPEG, BMP, TIFF, WebP or PNM, found {found}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// How the file begins.
        found: String,
    },
    /// An animation or several pages.
    #[error("read {}: expected a single image, found {found}", path.display())]
    SeveralImages {
        /// The file.
        path: PathBuf,
        /// What the file holds instead.
        found: &'static str,
    },
    /// The file is broken: cut short or damaged.
    #[error("read {}: expected an intact {format} file, found: {found}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The format its first bytes claim.
        format: &'static str,
        /// The decoder's complaint.
        found: String,
    },
    /// A pixel type that is not 8 or 16 bit a channel (floats for maps, numbers for arrays).
    #[error("read {}: expected {expected}, found {found}", path.display())]
    PixelType {
        /// The file.
        path: PathBuf,
        /// The pixel types accepted.
        expected: &'static str,
        /// The pixel type of the file.
        found: String,
    },
    /// An array whose sides are not those of maps or masks.
    #[error("read {}: expected {expected}, found an array of {found:?}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// What the sides should be.
        expected: String,
        /// The sides claimed by the header.
        found: Vec<u64>,
    },
    /// A map or mask with a value that is NaN or infinite.
    #[error("read {}: expected finite values, found {value} at row {row}, column {column} of array {index} (all counted from 0)", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Which of the file's maps, from 0.
        index: usize,
        /// Row of the value, from 0.
        row: usize,
        /// Column of the value, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A folder without the files looked for.
    #[error("open {}: expected {expected}, found none", path.display())]
    NoFiles {
        /// The folder.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// A folder that does not have the layout of a dataset.
    #[error("open the dataset {}: expected {expected}, found {found}", path.display())]
    Layout {
        /// The folder.
        path: PathBuf,
        /// What it should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A folder of images that has none.
    #[error("open the dataset {}: expected at least one image in {}, found none", root.display(), path.display())]
    NoImages {
        /// The dataset's folder.
        root: PathBuf,
        /// The folder without images.
        path: PathBuf,
    },
    /// An anomalous test image whose mask is not there.
    #[error("find the mask of {}: expected {}{}", path.display(), expected.display(), Nearest(nearest.as_deref()))]
    MissingMask {
        /// The image.
        path: PathBuf,
        /// Where its mask should be.
        expected: PathBuf,
        /// The mask without image whose name is closest.
        nearest: Option<String>,
    },
    /// A mask that belongs to no test image.
    #[error("find the image of the mask {}: expected {} with an image suffix{}", path.display(), expected.display(), Nearest(nearest.as_deref()))]
    MissingImage {
        /// The mask.
        path: PathBuf,
        /// Where its image should be, without suffix.
        expected: PathBuf,
        /// The image without mask whose name is closest.
        nearest: Option<String>,
    },
    /// Two files that claim the same stem, so that masks cannot be paired.
    #[error("pair {}: expected one file of this stem, found {} too", path.display(), other.display())]
    Ambiguous {
        /// One of the files.
        path: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// A mask of another size than its image.
    #[error("use the mask {}: expected {} x {} pixels like its image, found {} x {}", path.display(), expected.0, expected.1, found.0, found.1)]
    MaskSize {
        /// The mask.
        path: PathBuf,
        /// Height and width of its image.
        expected: (usize, usize),
        /// Height and width of the mask.
        found: (usize, usize),
    },
    /// Fewer training images than a split needs.
    #[error(
        "split the training images: expected at least 2, one to learn from and one to validate on, found {found}"
    )]
    TooFewImages {
        /// Images there are.
        found: usize,
    },
    /// A setting outside its range.
    #[error("use the setting {name}: expected {expected}, found {found}")]
    Setting {
        /// The setting's name.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// The value given.
        found: String,
    },
    /// A buffer that cannot be an image.
    #[error("make an image: {0}")]
    Shape(#[from] ShapeError),
}

impl DataError {
    /// The path at fault, when one is.
    ///
    /// ```
    /// use aesc_data::{Channels, Limits, read_image};
    /// let error = read_image("no/such.png", Channels::Rgb, &Limits::default()).unwrap_err();
    /// assert_eq!(error.path().unwrap().to_str(), Some("no/such.png"));
    /// ```
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NotFound { path, .. }
            | Self::WrongKind { path, .. }
            | Self::Io { path, .. }
            | Self::EmptyFile { path }
            | Self::TooManyBytes { path, .. }
            | Self::TooManyPixels { path, .. }
            | Self::UnknownFormat { path, .. }
            | Self::SeveralImages { path, .. }
            | Self::Broken { path, .. }
            | Self::PixelType { path, .. }
            | Self::Array { path, .. }
            | Self::NotFinite { path, .. }
            | Self::NoFiles { path, .. }
            | Self::Layout { path, .. }
            | Self::NoImages { path, .. }
            | Self::MissingMask { path, .. }
            | Self::MissingImage { path, .. }
            | Self::Ambiguous { path, .. }
            | Self::MaskSize { path, .. } => Some(path),
            Self::TooFewImages { .. } | Self::Setting { .. } | Self::Shape(_) => None,
        }
    }

    /// An operating system's error on `path`, where `expected` should be.
    pub(crate) fn io(path: &Path, expected: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            ErrorKind::NotFound => Self::NotFound { path, expected },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn setting(
        name: &'static str,
        expected: &'static str,
        found: impl fmt::Display,
    ) -> Self {
        let found = found.to_string();
        Self::Setting {
            name,
            expected,
            found,
        }
    }
}

struct Nearest<'a>(Option<&'a str>);

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, ", found nothing there; did you mean {name}?"),
            None => f.write_str(", found nothing there"),
        }
    }
}
