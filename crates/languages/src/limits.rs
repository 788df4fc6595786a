//! What a run may use: the operator's defaults and maxima, the runtime's wishes, the caller's request.

use engunity_protocol::{job::LimitsRequest, problem::FieldError, spec::Limits};
use serde::Deserialize;

use crate::runtime::PartialLimits;

/// What a run gets when nobody says otherwise.
const DEFAULT: Limits =
    Limits { wall_s: 30.0, cpu: 1.0, memory_mb: 512, output_kb: 4096, pids: 128, disk_mb: 256 };
/// What a run may ask for at most.
const MAXIMUM: Limits =
    Limits { wall_s: 3600.0, cpu: 4.0, memory_mb: 4096, output_kb: 262_144, pids: 1024, disk_mb: 4096 };
/// Less than this can't run anything.
pub(crate) const MINIMUM: Limits =
    Limits { wall_s: 0.1, cpu: 0.05, memory_mb: 16, output_kb: 1, pids: 1, disk_mb: 1 };

/// The `limits` section of the configuration: what the operator changes of defaults and maxima.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    pub default: PartialLimits,
    pub max: PartialLimits,
}

/// Defaults and maxima, all decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub default: Limits,
    pub max: Limits,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { default: DEFAULT, max: MAXIMUM }
    }
}

impl Bounds {
    pub fn new(config: &LimitsConfig) -> Self {
        Self { default: over(DEFAULT, &config.default), max: over(MAXIMUM, &config.max) }
    }

    /// A runtime's own defaults, which an operator's maxima still bound.
    pub fn default_for(&self, runtime: &PartialLimits) -> Limits {
        self.with_room_on_disk(clamp(over(self.default, runtime), self.max))
    }

    /// The writable file systems are in memory. Each has at least half of it, as on a common Linux machine, and never
    /// more than all of it.
    fn with_room_on_disk(&self, limits: Limits) -> Limits {
        let disk_mb = limits.disk_mb.max(limits.memory_mb / 2).min(self.max.disk_mb).min(limits.memory_mb);
        Limits { disk_mb, ..limits }
    }

    /// Checks what a caller asks for; every field that is out of range is named.
    pub fn apply(
        &self,
        asked: Option<&LimitsRequest>,
        runtime: &PartialLimits,
    ) -> Result<Limits, Vec<FieldError>> {
        let base = self.default_for(runtime);
        let Some(asked) = asked else { return Ok(base) };
        let LimitsRequest { wall_s, cpu, memory_mb, output_kb, pids } = *asked;
        let mut errors = Vec::new();
        let limits = Limits {
            wall_s: within("wall_s", wall_s, base.wall_s, MINIMUM.wall_s, self.max.wall_s, &mut errors),
            cpu: within("cpu", cpu, base.cpu, MINIMUM.cpu, self.max.cpu, &mut errors),
            memory_mb: within(
                "memory_mb",
                memory_mb,
                base.memory_mb,
                MINIMUM.memory_mb,
                self.max.memory_mb,
                &mut errors,
            ),
            output_kb: within(
                "output_kb",
                output_kb,
                base.output_kb,
                MINIMUM.output_kb,
                self.max.output_kb,
                &mut errors,
            ),
            pids: within("pids", pids, base.pids, MINIMUM.pids, self.max.pids, &mut errors),
            disk_mb: base.disk_mb,
        };
        if errors.is_empty() { Ok(self.with_room_on_disk(limits)) } else { Err(errors) }
    }
}

fn over(base: Limits, part: &PartialLimits) -> Limits {
    let PartialLimits { wall_s, cpu, memory_mb, output_kb, pids, disk_mb } = *part;
    Limits {
        wall_s: wall_s.unwrap_or(base.wall_s),
        cpu: cpu.unwrap_or(base.cpu),
        memory_mb: memory_mb.unwrap_or(base.memory_mb),
        output_kb: output_kb.unwrap_or(base.output_kb),
        pids: pids.unwrap_or(base.pids),
        disk_mb: disk_mb.unwrap_or(base.disk_mb),
    }
}

fn clamp(limits: Limits, max: Limits) -> Limits {
    Limits {
        wall_s: limits.wall_s.min(max.wall_s),
        cpu: limits.cpu.min(max.cpu),
        memory_mb: limits.memory_mb.min(max.memory_mb),
        output_kb: limits.output_kb.min(max.output_kb),
        pids: limits.pids.min(max.pids),
        disk_mb: limits.disk_mb.min(max.disk_mb),
    }
}

/// Returns what was asked, else `base`; a value out of range (NaN is) is noted in `errors`.
fn within<T>(field: &str, asked: Option<T>, base: T, min: T, max: T, errors: &mut Vec<FieldError>) -> T
where
    T: PartialOrd + Copy + std::fmt::Display,
{
    match asked {
        None => base,
        Some(value) if value >= min && value <= max => value,
        Some(_) => {
            let message = format!("must be between {min} and {max}");
            errors.push(FieldError { field: format!("limits.{field}"), message });
            base
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_takes_the_runtimes_default() {
        let runtime = PartialLimits { wall_s: Some(60.0), ..Default::default() };
        let asked = LimitsRequest { memory_mb: Some(64), ..Default::default() };
        let limits = Bounds::default().apply(Some(&asked), &runtime).unwrap();
        assert_eq!(limits, Limits { wall_s: 60.0, memory_mb: 64, disk_mb: 64, ..DEFAULT });
    }

    #[test]
    fn every_field_out_of_range_is_named() {
        let asked =
            LimitsRequest { wall_s: Some(f64::NAN), cpu: Some(-1.0), pids: Some(0), ..Default::default() };
        let errors = Bounds::default().apply(Some(&asked), &PartialLimits::default()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["limits.wall_s", "limits.cpu", "limits.pids"]);
        assert_eq!(errors[0].message, "must be between 0.1 and 3600");
    }

    #[test]
    fn an_operators_maximum_bounds_a_runtimes_wish() {
        let max = PartialLimits { memory_mb: Some(256), ..Default::default() };
        let bounds = Bounds::new(&LimitsConfig { max, ..Default::default() });
        let wish = PartialLimits { memory_mb: Some(1024), ..Default::default() };
        assert_eq!(bounds.default_for(&wish).memory_mb, 256);
    }
}
