//! `coco.json`: the regions as COCO annotations, for tools that read nothing else.

use aesc_detect::Regions;
use serde::Serialize;
use serde_json::json;

/// A region in COCO's words; places in pixels of the image's own resolution.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Annotation {
    id: u64,
    image_id: u64,
    category_id: u64,
    bbox: [usize; 4],
    area: u64,
    segmentation: Segmentation,
    iscrowd: u8,
    /// The largest map value in it.
    score: f64,
}

/// Uncompressed run lengths, column by column.
#[derive(Debug, Clone, Serialize)]
struct Segmentation {
    size: [usize; 2],
    counts: Vec<u64>,
}

impl Annotation {
    /// Region `index` of an image; numbers come when it is written.
    pub(super) fn new(regions: &Regions, index: usize) -> Self {
        let region = regions.list()[index];
        Self {
            id: 0,
            image_id: 0,
            category_id: 1,
            bbox: [region.x, region.y, region.w, region.h],
            area: region.area_px,
            segmentation: Segmentation {
                size: regions.size(),
                counts: regions.coco_runs(index),
            },
            iscrowd: 0,
            score: region.max,
        }
    }
}

/// An image in COCO's words.
#[derive(Debug, Serialize)]
struct ImageEntry<'a> {
    id: u64,
    file_name: &'a str,
    width: usize,
    height: usize,
}

/// The document, written as the images come: annotations at once, the shorter list of images at
/// the end.
#[derive(Debug, Default)]
pub(super) struct Coco {
    images: String,
    n_images: u64,
    n_annotations: u64,
}

impl Coco {
    /// What the document begins with.
    pub(super) fn head() -> String {
        let info = json!({ "description": "regions over the threshold, found by aesc predict" });
        let categories = json!([{ "id": 1, "name": "anomaly" }]);
        format!("{{\"info\":{info},\"categories\":{categories},\"annotations\":[")
    }

    /// The next image's annotations.
    pub(super) fn image(
        &mut self,
        (file_name, [height, width]): (&str, [usize; 2]),
        annotations: &[Annotation],
    ) -> serde_json::Result<String> {
        self.n_images += 1;
        let entry = ImageEntry {
            id: self.n_images,
            file_name,
            width,
            height,
        };
        self.images += if self.n_images > 1 { ",\n" } else { "" };
        self.images += &serde_json::to_string(&entry)?;
        let mut text = String::new();
        for annotation in annotations {
            text += if self.n_annotations > 0 { ",\n" } else { "" };
            self.n_annotations += 1;
            let numbered = Annotation {
                id: self.n_annotations,
                image_id: self.n_images,
                ..annotation.clone()
            };
            text += &serde_json::to_string(&numbered)?;
        }
        Ok(text)
    }

    /// What the document ends with.
    pub(super) fn tail(&self) -> String {
        format!("],\"images\":[{}]}}\n", self.images)
    }
}
