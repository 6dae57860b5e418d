"""The way of data, one file a step: pull, link, adopt, decide, plan, guard, push, verify, run."""
