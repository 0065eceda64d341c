"""Decides what is measured and when: profiles, plan, parity gate, campaign."""
