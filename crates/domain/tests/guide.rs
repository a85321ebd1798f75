//! The guide to billing says what calls cost; the prices agree with it.

use zhenren_domain::money::Fen;
use zhenren_domain::tariff::Tariff;

#[test]
fn the_guide_says_what_calls_cost() {
    let guide = include_str!("../../../docs/BILLING.md");
    let mut checked = 0;
    for row in guide.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let ["", first, second, ""] = cells[..] else {
            continue;
        };
        let (Ok(calls_count), Ok(cost)) = (first.parse(), second.parse()) else {
            continue;
        };
        let expected = Fen::new(cost);
        assert_eq!(Tariff::standard().cost_of(calls_count), expected, "{row}");
        checked += 1;
    }
    assert_eq!(checked, 3);
}
