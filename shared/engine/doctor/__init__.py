"""`tandem doctor`: is everything set up that Tandem needs (P31–P33)?"""
