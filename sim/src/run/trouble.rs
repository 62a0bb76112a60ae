use super::world::{Happening, World};
use crate::faults::Shape;

impl World<'_> {
    /// A fault begins.
    pub(super) fn fault(&mut self, at: usize) {
        let fault = self.faults[at].clone();
        self.watch.mark(format!("fault {}", fault.shape.class().word()));
        match fault.shape {
            Shape::Slow { node, factor } => self.lines.slow_down(node, factor),
            Shape::Reset(a, b) => return self.break_line(a, b, 2_000_000),
            Shape::HalfOpen(a, b) => return self.half_open(a, b),
            Shape::Partition(inside) => self.across(&inside, Self::cut_line),
            Shape::OneWay(from, to) => self.cut_line(from, to),
            Shape::Crash(node) => return self.crash_if_up(node),
            Shape::Torn { node, changes } => {
                return self.hosts[node].disk.misbehave(|faults| faults.power = Some(changes));
            }
            Shape::DiskErrors { node, writes, syncs } => self.hosts[node].disk.misbehave(|faults| {
                faults.write_errors = writes;
                faults.sync_errors = syncs;
            }),
            Shape::DiskFull { node, room } => {
                let capacity = self.hosts[node].disk.used() + room;
                self.hosts[node].disk.misbehave(|faults| faults.capacity = Some(capacity));
            }
            Shape::Off(node) => self.switch_off(node),
            Shape::Step { node, by_ms } => return self.hosts[node].clock.step(by_ms),
            Shape::Drift { node, offset_ms, ppm } => return self.hosts[node].clock.drift(offset_ms, ppm),
        }
        self.after(fault.span_us, Happening::Healed(at));
    }
    /// A fault is over.
    pub(super) fn healed(&mut self, at: usize) {
        match self.faults[at].shape.clone() {
            Shape::Slow { node, .. } => self.lines.slow_down(node, 1),
            Shape::Partition(inside) => self.across(&inside, Self::heal_line),
            Shape::OneWay(from, to) => self.heal_line(from, to),
            Shape::DiskErrors { node, .. } => self.hosts[node].disk.misbehave(|faults| {
                faults.write_errors = 0;
                faults.sync_errors = 0;
            }),
            Shape::DiskFull { node, .. } => self.hosts[node].disk.misbehave(|faults| faults.capacity = None),
            Shape::Off(node) => {
                self.hosts[node].is_off = false;
                self.boot(node);
                self.is_back(node);
            }
            _ => {}
        }
    }
    fn crash_if_up(&mut self, node: usize) {
        if self.hosts[node].running.is_some() {
            self.crash(node);
        }
    }
    fn across(&mut self, inside: &[usize], change: fn(&mut Self, usize, usize)) {
        for a in inside {
            for b in (0..self.hosts.len()).filter(|b| !inside.contains(b)) {
                change(self, *a, b);
                change(self, b, *a);
            }
        }
    }
}
