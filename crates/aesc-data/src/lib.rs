//! Reads images, masks and dataset folders; draws the built-in sample set.
