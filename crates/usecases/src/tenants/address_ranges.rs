//! From where an app may call: ranges of addresses in CIDR form, read and changed by the tenant.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Limit: ranges of one app; each call looks at all of them.
pub const RANGES_COUNT_MAX: usize = 64;

/// A range as it is kept: `10.0.0.0/8`, `2001:db8::/32`, or a single address with its full prefix.
/// Nothing when the text is none, or has bits beyond its prefix, which is nearly always a slip.
pub fn parse(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let range = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => canonical(text.parse().ok()?),
    };
    (range == range.trunc()).then_some(range)
}

/// A range of IPv4 addresses as such, even when it is written as one of mapped addresses: callers
/// are looked at like that too.
fn canonical(range: IpNet) -> IpNet {
    const MAPPED_PREFIX: u8 = 96;
    let IpNet::V6(long) = range else { return range };
    let address = long.addr().to_ipv4_mapped();
    let length = long.prefix_len().checked_sub(MAPPED_PREFIX);
    match address
        .zip(length)
        .map(|(it, length)| Ipv4Net::new(it, length))
    {
        Some(Ok(short)) => IpNet::V4(short),
        Some(Err(_)) | None => range,
    }
}

/// Whether an address lies in one of the ranges; no range at all lets everybody in.
pub fn covers(ranges: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    ranges.is_empty() || ranges.iter().any(|range| range.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_ranges_are_those_of_ipv4() {
        for (text, expected) in [
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn ranges_are_read_and_cover_what_they_say() {
        let ranges = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"].map(|text| parse(text).unwrap());
        for (address, is_in) in [
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:192.0.2.7", true),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(
                covers(&ranges, address.parse().unwrap()),
                is_in,
                "{address}"
            );
        }
        assert!(covers(&[], "198.51.100.1".parse().unwrap()));
        assert_eq!(parse("::ffff:192.0.2.7"), parse("192.0.2.7/32"));
    }

    #[test]
    fn other_texts_are_no_ranges() {
        for text in [
            "",
            "10.1.0.1/16",
            "10.0.0.0/33",
            "everywhere",
            "10.0.0",
            "1.2.3.4/",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
