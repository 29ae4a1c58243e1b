//! A picture of a recording's drawing, for whoever shows a link: the layout of the page (`crates/web/src/view/diagram`), written as
//! SVG and painted without a browser. Text is DejaVu's, whose letters are as wide as the layout takes them to be.

mod colours;
mod document;
mod forms;
mod packets;
mod svg;
mod text;

use std::sync::{Arc, LazyLock};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{
        Options, Tree,
        fontdb::{Database, Source},
    },
};
use web::view::recording::OpenedRecording;

pub use document::SIZE;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file is no recording.
    #[error(transparent)]
    Read(#[from] share::ReadError),
    /// What was written is no SVG, or could not be painted: a fault of ours.
    #[error("the picture could not be painted: {0}")]
    Paint(String),
}

/// The drawing of a recording as PNG, from its first packet on: [`SIZE`], in light colours. Takes some 100 ms of processor time and
/// 4 MB of memory.
///
/// # Errors
/// [`PictureError`].
pub fn png(recording: &[u8]) -> Result<Vec<u8>, PictureError> {
    let text = document::of(&OpenedRecording::read(recording)?);
    let paint = |error: &dyn std::fmt::Display| PictureError::Paint(error.to_string());
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    let tree = Tree::from_str(&text, &options).map_err(|error| paint(&error))?;
    let mut pixels = Pixmap::new(SIZE.0, SIZE.1).ok_or_else(|| paint(&"its size"))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| paint(&error))
}

/// The faces that the drawing asks for, as they are in the program.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let faces = [
        dejavu::sans::regular(),
        dejavu::sans::bold(),
        dejavu::sans_mono::regular(),
        dejavu::sans_mono::bold(),
        dejavu::serif::italic(),
    ];
    let mut fonts = Database::new();
    for face in faces {
        fonts.load_font_source(Source::Binary(Arc::new(face)));
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts.set_monospace_family("DejaVu Sans Mono");
    fonts.set_serif_family("DejaVu Serif");
    Arc::new(fonts)
});

#[cfg(test)]
mod tests;
