"""What the tests of Explore share."""

ODD = ['<img src=x onerror="alert(1)">', "it's \"so\" & 'so'", "👩‍🔧🚗", "سيارة أجرة", "x" * 500, "=1+1"]


def terms(column):
    return [hit.term for hit in column.hits]
