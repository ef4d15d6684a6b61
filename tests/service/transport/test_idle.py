from dyntui.service.idle import IdleTimer


def test_a_service_nobody_ever_came_to_is_over_after_the_limit():
    timer = IdleTimer(60, now=100)

    assert not timer.over(159.9, clients=0, runs=0)
    assert timer.over(160, clients=0, runs=0)


def test_a_client_or_a_run_starts_the_time_anew():
    timer = IdleTimer(60, now=0)

    assert not timer.over(500, clients=1, runs=0)
    assert not timer.over(559, clients=0, runs=0)
    assert not timer.over(560, clients=0, runs=1)
    assert not timer.over(619, clients=0, runs=0)
    assert timer.over(620, clients=0, runs=0)
