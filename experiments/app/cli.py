"""The command ``vacancy-chains``: four groups of commands over the Python functions.

Commands stay thin: they check what was typed, call one public function and print. Everything
slow is imported inside a command, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from experiments.app import ask, look, study, sweeps, trust
from experiments.app.console import DEBUG, FAILED, complain, explain, prepare_streams

OVERVIEW = """\
vacancy-chains: a place, person by person and post by post, with and without measures.

  look   what is shipped, and what a result says     sites  measures  mixes
                                                     surroundings  chain
         vacancy-chains sites
  ask    what a mix of measures would do             compare  break-even  essential
                                                     optimise  impulses  saturation
                                                     reserve  across  workplace  workshop
         vacancy-chains compare kokkola
  study  one world, a trial, many worlds             run  trial  sweep  sensitivity
                                                     reproduce  bundle
         vacancy-chains run kokkola --years 2
  trust  verify files, results and the model         check  calibrate  validate
         vacancy-chains check results/run-kokkola-1

Every command explains itself: vacancy-chains COMMAND --help
"""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (look, ask, study, sweeps, trust):
    app.add_typer(group.app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("vacancy-chain-simulator"))
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001  (the callback does the work)
        False, "--version", help="Show the version.", callback=_version, is_eager=True
    ),
) -> None:
    """Simulate a local labour market with and without a mix of measures."""
    if context.invoked_subcommand is None:
        typer.echo(OVERVIEW, nl=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Words after the name of the command; those of the process when None.

    Returns
    -------
    0 done, 1 failed, 2 wrong input.
    """
    prepare_streams()
    try:
        app(args=arguments, prog_name="vacancy-chains")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else FAILED * bool(leave.code)
    except BrokenPipeError:
        # the reader of a pipe went away, e.g. "| head"; nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        complain("Stopped.")
        return FAILED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        message, code = explain(error)
        complain(message)
        return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
