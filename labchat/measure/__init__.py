"""The lab's instruments: experiments give tidy tables, tables give charts and verdicts."""
