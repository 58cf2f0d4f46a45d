//! Kubernetes' quantities: "250m" processors, "1Gi" of memory.

/// Processors in thousandths, rounded up. `None`: not a quantity.
pub(crate) fn millis(text: &str) -> Option<u64> {
    value(text).map(|value| (value * 1000.0).ceil() as u64)
}

/// Bytes, rounded up. `None`: not a quantity.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    value(text).map(|value| value.ceil() as u64)
}

fn value(text: &str) -> Option<f64> {
    let text = text.trim();
    // "1e3" is a number with an exponent, "1E" is 10 to the 18th.
    if let Ok(number) = text.parse::<f64>() {
        return (number.is_finite() && number >= 0.0).then_some(number);
    }
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, suffix) = text.split_at(split);
    let factor = match suffix {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0_f64.powi(2),
        "Gi" => 1024.0_f64.powi(3),
        "Ti" => 1024.0_f64.powi(4),
        "Pi" => 1024.0_f64.powi(5),
        "Ei" => 1024.0_f64.powi(6),
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_kubernetes_writes_them() {
        assert_eq!(millis("250m"), Some(250));
        assert_eq!(millis("4"), Some(4000));
        assert_eq!(millis("0.5"), Some(500));
        assert_eq!(millis("100n"), Some(1), "what is asked for is never rounded down to nothing");
        assert_eq!(bytes("1Gi"), Some(1 << 30));
        assert_eq!(bytes("128974848"), Some(128_974_848));
        assert_eq!(bytes("129e6"), Some(129_000_000));
        assert_eq!(bytes("129M"), Some(129_000_000));
        assert_eq!(bytes("64Ki"), Some(65_536));
    }

    #[test]
    fn nonsense_is_none() {
        for text in ["", "x", "-1", "1Zi", "NaN", "inf", "1 Gi x"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
