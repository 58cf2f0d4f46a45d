//! Which cards and rows are in the document: those near the screen, those around the focus, and instead of the others the space
//! that they take. Lengths are in [`PX`]; knows nothing of what is in a row.

use std::ops::Range;

/// One pixel. Browsers lay out in sixty-fourths of one; with whole pixels the end of the page would move by what was rounded away at every
/// row that comes or goes, and all of it be measured again.
pub const PX: u32 = 64;

/// What the browser measured.
pub fn from_px(px: f64) -> u32 {
    (px * f64::from(PX)).round() as u32
}

/// How a list is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Members side by side.
    pub columns: usize,
    /// Between two rows.
    pub gap: u32,
    /// The height of a row that was not seen yet.
    pub row: u32,
    /// The height of a heading.
    pub head: u32,
}

/// One group of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// None of a group that is folded up.
    pub members: usize,
    pub headed: bool,
}

/// The heights of rows, as far as they were seen; rows are counted through all groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heights(Vec<u32>);

impl Heights {
    /// Takes note of a row's height.
    pub fn learn(&mut self, row: usize, height: u32) {
        if self.0.len() <= row {
            self.0.resize(row + 1, 0);
        }
        if let Some(known) = self.0.get_mut(row) {
            *known = height;
        }
    }

    fn of(&self, row: usize, shape: &Shape) -> u32 {
        self.0.get(row).copied().filter(|height| *height > 0).unwrap_or(shape.row)
    }

    /// The space of some rows with the gaps between them.
    fn space(&self, rows: Range<usize>, shape: &Shape) -> u32 {
        let gaps = u32::try_from(rows.len().saturating_sub(1)).unwrap_or_default().saturating_mul(shape.gap);
        rows.map(|row| self.of(row, shape)).sum::<u32>().saturating_add(gaps)
    }
}

/// Members that stand in the document one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The space of the rows left out before them.
    pub before: u32,
    pub members: Range<usize>,
}

/// A group that is in the document, with its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Which group.
    pub group: usize,
    /// Its first row, counted through all groups.
    pub first_row: usize,
    /// The space of the groups left out before it.
    pub before: u32,
    /// At most two: near the screen, and around the focus.
    pub runs: Vec<Run>,
    /// The space of the rows left out at its end.
    pub after: u32,
}

/// All that is in the document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    pub blocks: Vec<Block>,
    /// The space of the groups left out at the end.
    pub after: u32,
}

/// A member: its group, and which of that group.
pub type Place = (usize, usize);

/// What is in the document while `view` is on the screen, in pixels from the top of the list.
pub fn window(extents: &[Extent], shape: &Shape, heights: &Heights, view: &Range<u32>, pin: Option<Place>) -> Window {
    let columns = shape.columns.max(1);
    let mut window = Window::default();
    let (mut top, mut left_out, mut first_row) = (0_u32, 0_u32, 0_usize);
    for (group, extent) in extents.iter().enumerate() {
        let count = extent.members.div_ceil(columns);
        let rows = first_row..first_row + count;
        let head = if extent.headed { shape.head } else { 0 };
        let whole = heights.space(rows.clone(), shape).saturating_add(head);
        let pinned = pin.filter(|(at, member)| *at == group && *member < extent.members).map(|(_, member)| first_row + member / columns);
        if (top < view.end && top.saturating_add(whole) > view.start) || pinned.is_some() {
            let near = near(rows.clone(), top.saturating_add(head), shape, heights, view);
            let around = pinned.map(|row| row.saturating_sub(1).max(rows.start)..(row + 2).min(rows.end));
            let mut before = rows.start;
            let runs = together(near, around).into_iter().map(|run| {
                let left_out = heights.space(before..run.start, shape);
                before = run.end;
                let member = |row: usize| ((row - first_row) * columns).min(extent.members);
                Run { before: left_out, members: member(run.start)..member(run.end) }
            });
            let runs: Vec<Run> = runs.collect();
            let after = heights.space(before..rows.end, shape);
            window.blocks.push(Block { group, first_row, before: std::mem::take(&mut left_out), runs, after });
        } else {
            left_out = left_out.saturating_add(whole);
        }
        top = top.saturating_add(whole);
        first_row = rows.end;
    }
    window.after = left_out;
    window
}

/// The rows that touch the view.
fn near(rows: Range<usize>, top: u32, shape: &Shape, heights: &Heights, view: &Range<u32>) -> Range<usize> {
    let (mut y, mut first) = (top, rows.end);
    for row in rows.clone() {
        if y >= view.end {
            return first.min(row)..row;
        }
        y = y.saturating_add(heights.of(row, shape));
        if y > view.start {
            first = first.min(row);
        }
        y = y.saturating_add(shape.gap);
    }
    first..rows.end
}

/// Both stretches in order, as one where they meet.
fn together(near: Range<usize>, around: Option<Range<usize>>) -> Vec<Range<usize>> {
    let around = around.unwrap_or_default();
    match (near.is_empty(), around.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => vec![around],
        (false, true) => vec![near],
        _ if near.end >= around.start && around.end >= near.start => {
            let one = near.start.min(around.start)..near.end.max(around.end);
            std::iter::once(one).collect()
        }
        _ if near.start < around.start => vec![near, around],
        _ => vec![around, near],
    }
}

/// How far from the top of the list a member's row begins.
pub fn offset(extents: &[Extent], shape: &Shape, heights: &Heights, (group, member): Place) -> u32 {
    let columns = shape.columns.max(1);
    let (mut top, mut first_row) = (0_u32, 0_usize);
    for (at, extent) in extents.iter().enumerate() {
        let head = if extent.headed { shape.head } else { 0 };
        let count = extent.members.div_ceil(columns);
        if at == group {
            let row = first_row + member / columns;
            let above = heights.space(first_row..row, shape);
            let gap = if row > first_row { shape.gap } else { 0 };
            return top.saturating_add(head).saturating_add(above).saturating_add(gap);
        }
        top = top.saturating_add(head).saturating_add(heights.space(first_row..first_row + count, shape));
        first_row += count;
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHAPE: Shape = Shape { columns: 2, gap: 10, row: 100, head: 40 };

    fn group(members: usize) -> Extent {
        Extent { members, headed: true }
    }

    #[test]
    fn only_what_is_near_is_there() {
        let window = window(&[group(20), group(20)], &SHAPE, &Heights::default(), &(400..600), None);
        // Rows begin at 40, 150, 260, 370, 480, 590: three of them touch the view.
        assert_eq!(window.blocks.first().map(|block| block.runs.clone()), Some(vec![Run { before: 320, members: 6..12 }]));
        assert_eq!((window.blocks.len(), window.after), (1, 40 + 10 * 110 - 10));
    }

    #[test]
    fn the_focus_stays_with_its_neighbours() {
        let window = window(&[group(40)], &SHAPE, &Heights::default(), &(1_500..1_600), Some((0, 5)));
        let members: Vec<_> = window.blocks.iter().flat_map(|block| &block.runs).map(|run| run.members.clone()).collect();
        assert_eq!(members, [2..8, 26..30]);
    }

    fn any_list() -> impl Strategy<Value = (Vec<Extent>, Shape, Heights)> {
        let extents = prop::collection::vec((0..30usize, any::<bool>()).prop_map(|(members, headed)| Extent { members, headed }), 0..6);
        let shape = (1..5usize, 0..20u32, 1..200u32, 0..60u32).prop_map(|(columns, gap, row, head)| Shape { columns, gap, row, head });
        (extents, shape, prop::collection::vec(0..300u32, 0..80).prop_map(Heights))
    }

    proptest! {
        /// What is left out and what is there add up to the whole, wherever the view is: scrolling never moves the end of the page.
        #[test]
        fn space_is_kept((extents, shape, heights) in any_list(), start in 0..6_000u32, length in 0..1_000u32, pin in prop::option::of((0..6usize, 0..30usize))) {
            let all = window(&extents, &shape, &heights, &(0..u32::MAX), None);
            let some = window(&extents, &shape, &heights, &(start..start + length), pin);
            prop_assert_eq!(height(&all, &extents, &shape, &heights), height(&some, &extents, &shape, &heights));
        }

        /// Every member whose row touches the view is there, and the pinned one, and none twice.
        #[test]
        fn what_is_seen_is_there((extents, shape, heights) in any_list(), start in 0..6_000u32, length in 1..1_000u32, pin in prop::option::of((0..6usize, 0..30usize))) {
            let view = start..start + length;
            let window = window(&extents, &shape, &heights, &view, pin);
            let there: Vec<Place> = window.blocks.iter().flat_map(|b| b.runs.iter().flat_map(|r| r.members.clone()).map(|m| (b.group, m))).collect();
            prop_assert!(there.is_sorted_by(|a, b| a < b));
            let mut first_row = 0;
            for (group, extent) in extents.iter().enumerate() {
                for member in 0..extent.members {
                    let top = offset(&extents, &shape, &heights, (group, member));
                    let bottom = top + heights.of(first_row + member / shape.columns, &shape);
                    if (top < view.end && bottom > view.start) || pin == Some((group, member)) {
                        prop_assert!(there.contains(&(group, member)), "{:?} of {:?}", (group, member), window);
                    }
                }
                first_row += extent.members.div_ceil(shape.columns);
            }
        }
    }

    fn height(window: &Window, extents: &[Extent], shape: &Shape, heights: &Heights) -> u32 {
        let block = |block: &Block| {
            let extent = extents.get(block.group).copied().unwrap_or(Extent { members: 0, headed: false });
            let (mut pieces, mut sum) = (0, 0);
            for run in &block.runs {
                let rows = block.first_row + run.members.start / shape.columns..block.first_row + run.members.end.div_ceil(shape.columns);
                pieces += usize::from(run.before > 0) + 1;
                sum += run.before + heights.space(rows, shape);
            }
            pieces += usize::from(block.after > 0);
            sum + block.after + block.before + shape.gap * pieces.saturating_sub(1) as u32 + if extent.headed { shape.head } else { 0 }
        };
        window.blocks.iter().map(block).sum::<u32>() + window.after
    }
}
