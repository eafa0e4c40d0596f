"""axe, the engine that browsers and auditors ask about accessibility, run on the page that is shown."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WORST = {"serious", "critical"}
LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
"""Rules whose answer depends on the size and the colours of the screen; of all others one screen is enough."""
RUN = """async (rules) => {
    const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...only });
    const told = ({ id, impact, help, nodes }) => ({ id, impact, help, where: nodes.map((node) => node.html) });
    return violations.map(told);
}"""


def serious(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe calls serious or critical, in sentences. No rules are all rules.

    The engine goes in through the debugger, which the page's policy against foreign scripts does not reach. It loads no
    style sheets for a closer look: it would put them inline, which the policy refuses and the browser complains about.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, list(rules))
    worst = [violation for violation in found if violation["impact"] in WORST]
    return [f"{one['id']}: {one['help']}: {' '.join(where.split())[:200]}" for one in worst for where in one["where"]]
