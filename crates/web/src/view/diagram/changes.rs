//! What differs from one scene to the next: a page that scrolls or waits gets little that is new, and handing shapes over
//! to JavaScript is what costs most.

use std::collections::HashMap;

use super::shapes::{Scene, Shape};

/// The shapes that the page has, by key.
#[derive(Debug, Default)]
pub struct Retained {
    shapes: HashMap<String, (Shape, u64)>,
    round: u64,
}

impl Retained {
    /// Leaves in a scene what the page does not have yet, and names what it has to take away.
    pub fn reduce(&mut self, scene: &mut Scene) {
        self.round += 1;
        let round = self.round;
        scene.shapes.retain(|shape| match self.shapes.get_mut(&shape.key) {
            Some((painted, seen)) => {
                *seen = round;
                let differs = painted != shape;
                if differs {
                    *painted = shape.clone();
                }
                differs
            }
            None => {
                self.shapes.insert(shape.key.clone(), (shape.clone(), round));
                true
            }
        });
        let gone = self.shapes.extract_if(|_, (_, seen)| *seen != round);
        scene.gone = gone.map(|(key, _)| key).collect();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Retained, Scene, Shape};
    use crate::view::{
        diagram::{Diagram, shapes::Options},
        script::Script,
    };

    #[test]
    fn changes_add_up_to_every_scene() {
        let mut script = Script::new();
        for _ in 0..20 {
            script.conversation();
        }
        script.server_waits();
        let store = script.store();
        let (mut diagram, mut painted) = (Diagram::default(), Retained::default());
        let mut page: BTreeMap<String, Shape> = BTreeMap::new();
        let mut scene = |top: f64, wait: f64| {
            let now_ns = script.now() as f64 + wait;
            let options = Options { width: 464.0, now_ns, top, bottom: top + 900.0, ..Options::default() };
            diagram.scene(&store, &options)
        };
        let end = scene(0.0, 0.0).height - 900.0;
        for (top, wait) in [(0.0, 0.0), (0.0, 0.0), (100.0, 0.0), (3_000.0, 0.0), (end, 0.0), (end, 5e8)] {
            let whole = scene(top, wait);
            let mut changes: Scene = whole.clone();
            painted.reduce(&mut changes);
            for key in &changes.gone {
                assert!(page.remove(key).is_some(), "{key}");
            }
            page.extend(changes.shapes.iter().map(|shape| (shape.key.clone(), shape.clone())));
            let shapes: BTreeMap<_, _> =
                whole.shapes.into_iter().map(|shape| (shape.key.clone(), shape)).collect();
            assert_eq!(page, shapes, "{top} {wait}");
            let few = changes.shapes.len() < shapes.len();
            assert!(few || matches!(top, 0.0 | 3_000.0) || top == end && wait == 0.0, "{top} {wait}");
        }
        let mut same = scene(end, 5e8);
        painted.reduce(&mut same);
        assert_eq!((same.shapes, same.gone), (Vec::new(), Vec::new()));
    }
}
