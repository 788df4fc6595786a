//! A vector in whole numbers: `value = step * (high + low / 254)`.

/// `low` holds what `high` leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    pub step: f32,
    pub high: Vec<i8>,
    pub low: Vec<i8>,
}

impl Quantised {
    pub fn of(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let step = if largest.is_normal() { largest / 127.0 } else { 1.0 };
        let high: Vec<i8> = vector.iter().map(|value| (value / step).round() as i8).collect();
        let rest = |(value, high): (&f32, &i8)| ((value / step - f32::from(*high)) * 254.0).round() as i8;
        let low = vector.iter().zip(&high).map(rest).collect();
        Self { step, high, low }
    }
}

pub fn value(step: f32, high: i8, low: i8) -> f32 {
    step * (f32::from(high) + f32::from(low) / 254.0)
}

/// The sum of products of whole numbers.
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { dot_avx2(a, b) };
    }
    sum(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[i8], b: &[i8]) -> i32 {
    sum(a, b)
}

/// Written so that the compiler makes wide instructions of it.
#[inline(always)]
fn sum(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a)) * i32::from(i16::from(*b))).sum()
}
