"""The background node of a cluster."""

if __name__ == "__main__":
    from seafevents.main import run_background_tasks

    run_background_tasks()
