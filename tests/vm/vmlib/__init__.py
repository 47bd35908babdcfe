# SPDX-License-Identifier: GPL-2.0
"""Virtual machines with an emulated Intel card, and test cases that run in them."""
